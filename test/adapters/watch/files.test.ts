import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import { afterEach, expect, test } from 'vitest';
import type { Driver, DriverCall, Report } from '../../../src/actors/ports.ts';
import { silentLog } from '../../../src/adapters/log/silent.ts';
import { simulatedClock } from '../../../src/adapters/simulation/clock.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { fileWatchDriver } from '../../../src/adapters/watch/files.ts';
import type { WatcherSpec } from '../../../src/machines/spec.ts';
import { callFor, runOf } from '../simulation/calls.ts';

const drivers: Driver[] = [];
const directories: string[] = [];
afterEach(async () => {
  await Promise.all(drivers.splice(0).map((driver) => driver.close()));
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function project(...files: string[]) {
  const cwd = mkdtempSync(join(tmpdir(), 'reeve-watch-'));
  directories.push(cwd);
  const write = (name: string) => {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), String(process.hrtime.bigint()));
  };
  files.forEach(write);
  return { cwd, write };
}

function watchCall(cwd: string, files: readonly string[]): DriverCall {
  const call = callFor(runOf('reload', 2));
  const { id, after, group, restart, idle } = call.spec;
  const then = { start: [], stop: [], restart: ['api'], run: [] };
  const spec: WatcherSpec = { kind: 'watcher', id, after, group, restart, idle, cwd, files, debounce: 100, then };
  return { ...call, spec };
}

/** A driver on real files. `heard` waits for the facts: so many of them, or until one fits. */
async function scene(clock = systemClock()) {
  const watchers: FSWatcher[] = [];
  const remember: typeof watch = (paths, options) => {
    const watcher = watch(paths, options);
    watchers.push(watcher);
    return watcher;
  };
  const driver = fileWatchDriver({ clock, log: silentLog, watch: remember });
  drivers.push(driver);
  const reports: Report[] = [];
  let check = () => {};
  await driver.connect((report) => {
    reports.push(report);
    check();
  });
  const facts = () => reports.map(({ fact }) => fact);
  const observed = () => facts().flatMap((fact) => (fact.type === 'watch.observed' ? fact.what : []));
  const until = (isTrue: () => boolean) =>
    new Promise<void>((resolve) => {
      check = () => isTrue() && resolve();
      check();
    });
  const heard = (count: number) => until(() => reports.length >= count);
  const sawAll = (...names: string[]) => until(() => names.every((name) => observed().includes(name)));
  const launch = async (cwd: string, files: readonly string[]) => {
    const call = watchCall(cwd, files);
    await driver.launch(call);
    await heard(1);
    return call;
  };
  return { driver, watchers, reports, facts, observed, heard, sawAll, launch };
}

test('a launch is answered when the watcher is armed, and what was there before is no news', async () => {
  const { cwd, write } = project('src/old.ts');
  const { launch, reports, heard } = await scene();
  const call = await launch(cwd, ['src/**/*.ts']);
  write('src/new.ts');
  await heard(2);

  expect(reports).toEqual([
    {
      unitId: 'reload',
      cause: call.seq,
      fact: {
        type: 'run.launched',
        generation: 2,
        handle: { pid: null, identity: null },
        startedMs: expect.any(Number),
        adopted: false,
      },
    },
    { unitId: 'reload', cause: call.seq, fact: { type: 'watch.observed', generation: 2, what: ['src/new.ts'] } },
  ]);
});

test('a file that is added, changed, renamed or removed is seen, in directories made later too', async () => {
  const { cwd, write } = project('src/a.ts', 'src/b.ts', 'src/c.ts');
  const { launch, sawAll } = await scene();
  await launch(cwd, ['src/**/*.ts']);
  write('src/a.ts');
  rmSync(join(cwd, 'src/b.ts'));
  renameSync(join(cwd, 'src/c.ts'), join(cwd, 'src/d.ts'));
  write('src/deep/er/e.ts');
  await sawAll('src/a.ts', 'src/b.ts', 'src/c.ts', 'src/d.ts', 'src/deep/er/e.ts');
});

test('only what a glob matches is seen, and nothing of node_modules or .git', async () => {
  const { cwd, write } = project('src/x.ts', 'other/x.ts', 'node_modules/p/x.ts', '.git/x.ts', 'src/generated/x.ts');
  const { launch, sawAll, observed } = await scene();
  await launch(cwd, ['**/*.ts', '!src/generated/**']);
  for (const name of ['node_modules/p/x.ts', '.git/x.ts', 'src/generated/x.ts', 'src/x.css', 'other/x.ts']) write(name);
  write('src/x.ts');
  await sawAll('other/x.ts', 'src/x.ts');
  write('src/last.ts');
  await sawAll('src/last.ts');
  expect(new Set(observed())).toEqual(new Set(['other/x.ts', 'src/x.ts', 'src/last.ts']));
});

test('a single file is seen when an editor replaces it, and its neighbours are not', async () => {
  const { cwd, write } = project('app.json', 'app.json.bak');
  const { launch, sawAll, observed } = await scene();
  await launch(cwd, ['app.json']);
  write('app.json.bak');
  write('next');
  renameSync(join(cwd, 'next'), join(cwd, 'app.json'));
  await sawAll('app.json');
  expect(new Set(observed())).toEqual(new Set(['app.json']));
});

test('a directory that does not exist yet is said so, and watched as soon as it does', async () => {
  const { cwd, write } = project('src/a.ts');
  const { launch, facts, heard, sawAll, observed } = await scene();
  await launch(cwd, ['build/out/*.js']);
  await heard(2);
  expect(facts()[1]).toEqual({
    type: 'run.progressed',
    generation: 2,
    text: 'build/out does not exist yet, and is watched as soon as it does',
  });
  write('src/b.js');
  write('build/other.js');
  write('build/out/a.js');
  await sawAll('build/out/a.js');
  expect(observed()).toEqual(['build/out/a.js']);
});

test('changes that come together are one observation, of a bounded number of names', async () => {
  const { cwd, write } = project();
  const clock = simulatedClock();
  const { driver, watchers, facts } = await scene(clock);
  await driver.launch(watchCall(cwd, ['*.txt']));
  await new Promise<void>((resolve) => watchers[0]?.once('ready', resolve));
  clock.flush();

  const names = Array.from({ length: 130 }, (_, index) => `${String(index).padStart(3, '0')}.txt`);
  const allSeen = new Promise<void>((resolve) => {
    let count = 0;
    watchers[0]?.on('add', () => ++count === names.length && resolve());
  });
  for (const name of names.toReversed()) write(name);
  await allSeen;
  clock.advance(19);
  expect(facts()).toHaveLength(1);

  clock.advance(1);
  expect(facts().slice(1)).toEqual([
    { type: 'watch.observed', generation: 2, what: [...names.slice(0, 100), 'and 30 more'] },
  ]);
});

test('a working directory that does not exist is a launch that failed, in words', async () => {
  const { cwd } = project();
  const { launch, facts } = await scene();
  await launch(join(cwd, 'nowhere'), ['*.ts']);
  expect(facts()).toEqual([
    {
      type: 'run.launch-failed',
      generation: 2,
      problem: {
        code: 'CannotWatch',
        message: `Cannot watch ${join(cwd, 'nowhere')}: no such directory.`,
        hint: 'Create it, or correct `cwd` of the watcher.',
      },
      resource: false,
    },
  ]);
});

// Only the error is made up: to reach a real limit would take the watches of everybody on this machine.
const limit = Object.assign(new Error('System limit for number of file watchers reached'), { code: 'ENOSPC' });

test('a limit of the system before the watcher is armed is a launch that failed for want of a resource', async () => {
  const { cwd } = project();
  const { driver, watchers, facts, heard } = await scene();
  await driver.launch(watchCall(cwd, ['*.ts']));
  watchers[0]?.emit('error', limit);
  await heard(1);
  expect(facts()).toEqual([
    {
      type: 'run.launch-failed',
      generation: 2,
      problem: expect.objectContaining({
        message: `Cannot watch ${cwd}: the limit of watched files is reached (ENOSPC).`,
      }),
      resource: true,
    },
  ]);
  expect(watchers[0]?.closed).toBe(true);
});

test('a limit that is reached later ends the run, once', async () => {
  const { cwd } = project();
  const { launch, watchers, facts, heard } = await scene();
  await launch(cwd, ['*.ts']);
  watchers[0]?.emit('error', limit);
  watchers[0]?.emit('error', limit);
  await heard(2);
  expect(facts().slice(1)).toEqual([
    {
      type: 'run.exited',
      generation: 2,
      exit: { code: 1, signal: null, rawStatus: null, certain: true, endedMs: expect.any(Number) },
    },
  ]);
});

test('a watcher that is ended in any way is closed, says so each time, and leaves nothing to sweep', async () => {
  const { cwd, write } = project();
  const { driver, launch, watchers, facts, heard } = await scene();
  const call = await launch(cwd, ['*.ts']);
  await driver.endRun({ ...call, key: 'end.0' }, 'terminate');
  await driver.endRun({ ...call, key: 'end.1' }, 'kill');
  await driver.sweep({ ...call, key: 'end.2' }, 'terminate');
  write('late.ts');
  await heard(4);
  const [, exited, again, swept] = facts();
  expect(exited).toEqual({
    type: 'run.exited',
    generation: 2,
    exit: { code: 0, signal: null, rawStatus: null, certain: true, endedMs: expect.any(Number) },
  });
  expect([again, swept]).toEqual([exited, { type: 'run.swept', generation: 2, survivors: [] }]);
  expect(await driver.sight(call.run)).toMatchObject({ is: 'ended', exit: { code: 0 } });
  expect(watchers[0]?.closed).toBe(true);
});

test('a launch that is taken back before the watcher is armed never answers', async () => {
  const { cwd } = project();
  const { driver, facts, heard } = await scene();
  const call = watchCall(cwd, ['*.ts']);
  await driver.launch(call);
  await driver.revoke({ ...call, key: 'revoke' });
  await heard(1);
  expect(facts()).toEqual([{ type: 'run.revoked', generation: 2 }]);
});

test('after a restart of ours a watcher is found to be gone, or armed again without a word', async () => {
  const { cwd, write } = project();
  const { driver, watchers, facts, sawAll } = await scene();
  const call = watchCall(cwd, ['*.ts']);
  // It was never armed, so it can be launched again; one that was is simply armed again.
  expect(await driver.sight(call.run)).toEqual({ is: 'revoked' });
  const handle = { pid: null, identity: null };
  expect(await driver.sight({ ...call.run, handle })).toEqual({ is: 'alive', handle });

  await driver.attach(call);
  await new Promise<void>((resolve) => watchers[0]?.once('ready', resolve));
  write('a.ts');
  await sawAll('a.ts');
  expect(facts().map(({ type }) => type)).toEqual(['watch.observed']);
});

test('after close nothing is watched and nothing is said', async () => {
  const { cwd, write } = project();
  const { driver, launch, watchers, reports } = await scene();
  await launch(cwd, ['*.ts']);
  await driver.close();
  write('late.ts');
  expect({ closed: watchers.map(({ closed }) => closed), reports: reports.length }).toEqual({
    closed: [true],
    reports: 1,
  });
});
