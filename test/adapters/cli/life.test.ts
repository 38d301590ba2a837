import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { Entry, ProjectStatus, Result, UnitStatus } from '../../../src/index.ts';
import { closeShells, isAlive, openShell } from './shell.ts';

const PROJECT = `
name: shop
units:
  web: { command: "echo web is here; exec sleep 600" }
  build: { kind: job, command: "echo built; exit 3" }
`;

// Many whole processes, one after the other, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

afterEach(closeShells);

test('an orchestrator in the background is looked at, told what to do, and ended', async () => {
  const shell = openShell({ 'reeve.yaml': PROJECT });
  const serving = await shell.json<ProjectStatus>('up', '--detach');
  expect({ project: serving.project, ids: serving.units.map(({ id }) => id) }).toEqual({
    project: 'shop',
    ids: ['web', 'build'],
  });
  expect(statSync(join(shell.stateDir, 'orchestrator.log')).mode & 0o777).toBe(0o600);

  const built = await shell.json<Result>('wait', 'build');
  expect(built).toMatchObject({ id: 'build', outcome: 'failed', code: 3, output: { bytes: 6, tail: 'built\n' } });
  expect(await shell.json<Result>('result', 'b')).toEqual(built);
  expect(await shell.reeve('wait', 'web', '--max-wait', '50ms')).toMatchObject({
    code: 2,
    out: 'web is still running\n',
  });
  expect(await shell.reeve('result', 'web')).toMatchObject({ code: 1 });
  expect(await shell.reeve('logs', 'web', '--tail', '1')).toEqual({ code: 0, out: 'web is here\n', err: '' });

  const first = await shell.unit('web');
  expect(await shell.reeve('stop', 'web')).toMatchObject({ code: 0, out: 'web  stopped\n' });
  expect(isAlive(first.run?.pid)).toBe(false);
  expect(await shell.reeve('start', 'web')).toMatchObject({ code: 0, out: 'web  running\n' });
  const second = await shell.json<{ unit: UnitStatus }>('restart', 'web');
  expect(second.unit).toMatchObject({ state: 'running', ready: true, run: { generation: 3 } });

  const { events } = await shell.json<{ events: Entry[] }>('events', 'build');
  expect(events.map(({ event }) => event.type)).toEqual(
    expect.arrayContaining(['unit.added', 'start.requested', 'run.launched', 'run.exited']),
  );
  expect(await shell.reeve('terminate', 'build')).toMatchObject({ code: 0, out: 'build  terminated\n' });
  expect((await shell.status()).units.map(({ id }) => id)).toEqual(['web']);

  expect(await shell.reeve('down')).toMatchObject({ code: 0, out: '' });
  const after = await shell.status();
  expect({ orchestrator: after.orchestrator, web: after.units[0]?.outcome }).toEqual({
    orchestrator: null,
    web: 'stopped',
  });
  expect([second.unit.run?.pid].filter(isAlive)).toEqual([]);
  // `down` returns when the state directory is free; the process that held it has a few more instructions to go.
  await expect.poll(() => [serving.orchestrator?.pid].filter(isAlive), { timeout: 10_000 }).toEqual([]);
});

test('after its orchestrator was killed a unit runs on, is seen from the files, and is taken over', async () => {
  const shell = openShell({ 'reeve.yaml': PROJECT });
  const { orchestrator } = await shell.json<ProjectStatus>('up', '--detach');
  await shell.json('wait', 'web', '--for', 'running');
  const before = await shell.unit('web');
  process.kill(orchestrator!.pid, 'SIGKILL');

  const alone = await shell.status();
  expect(alone).toMatchObject({ orchestrator: null, units: [{ id: 'web', state: 'running' }, { id: 'build' }] });
  expect(isAlive(before.run?.pid)).toBe(true);
  expect(await shell.reeve('logs', 'web')).toMatchObject({ code: 0, out: 'web is here\n' });
  expect(await shell.reeve('stop', 'web')).toMatchObject({
    code: 3,
    err: expect.stringMatching(/^No reeve is running for .*\n {2}Start it with `reeve up`/),
  });

  await shell.json('up', '--detach');
  expect((await shell.unit('web')).run?.pid).toBe(before.run?.pid);
});

test('`logs -f` goes on as the unit prints, and ends with its run', async () => {
  const project = 'units: { clock: { command: "while :; do echo tick; sleep 0.1; done" } }';
  const shell = openShell({ 'reeve.yaml': project });
  await shell.json('up', '--detach');
  const logs = shell.start('logs', 'clock', '-f', '--tail', '1');
  await logs.printed('tick\ntick\ntick\n');
  await shell.reeve('stop', 'clock');
  expect(await logs.said).toMatchObject({ code: 0, out: expect.stringMatching(/^(tick\n){3,}$/) });
});

test.each(['logs web', 'logs web -f', 'events', 'events -f', 'status --json'])(
  '`%s | head` ends quietly when its reader has had enough',
  async (command) => {
    const shell = openShell({ 'reeve.yaml': 'units: { web: { command: "seq 100000; exec sleep 600" } }' });
    await shell.json('up', '--detach');
    await shell.json('wait', 'web', '--for', 'running');
    const { child, said } = shell.start(...command.split(' '));
    child.stdout!.destroy();
    expect(await said).toEqual({ code: 0, out: '', err: '' });
  },
);

test('Ctrl-C on a command that waits is 130, and changes nothing', async () => {
  const shell = openShell({ 'reeve.yaml': PROJECT });
  await shell.json('up', '--detach');
  const events = shell.start('events', '-f');
  await events.printed('run.launched');
  events.child.kill('SIGINT');
  expect(await events.said).toMatchObject({ code: 130, err: '' });
  expect(await shell.unit('web')).toMatchObject({ state: 'running' });
});

test('`up` tells every change of state, and ends with 0 when somebody else says down', async () => {
  const shell = openShell({ 'reeve.yaml': PROJECT });
  const up = shell.start('up');
  await up.printed('web  running  pid ');
  await up.printed('build  failed');
  expect(await shell.reeve('down')).toMatchObject({ code: 0 });
  expect(await up.said).toMatchObject({ code: 0, out: expect.stringMatching(/web {2}stopped\n$/) });
});

test('Ctrl-C on `up` stops what runs, says what that is, and ends with 130', async () => {
  const shell = openShell({ 'reeve.yaml': PROJECT });
  const up = shell.start('up');
  await up.printed('web  running  pid ');
  const { run } = await shell.unit('web');
  up.child.kill('SIGINT');
  expect(await up.said).toMatchObject({ code: 130, err: expect.stringContaining('Stopping web') });
  expect(isAlive(run?.pid)).toBe(false);
});

test('one key press that arrives twice, as below npm, is one: the stop stays orderly', async () => {
  const shell = openShell({ 'reeve.yaml': PROJECT });
  const up = shell.start('up');
  await up.printed('web  running  pid ');
  up.child.kill('SIGINT');
  up.child.kill('SIGINT');
  expect(await up.said).toMatchObject({ code: 130, err: expect.not.stringContaining('Left as it is') });
});

test('a detached orchestrator keeps no terminal and no channel of who started it', async () => {
  const shell = openShell({ 'reeve.yaml': PROJECT });
  const { orchestrator } = await shell.json<ProjectStatus>('up', '--detach');
  const [, , , , session] = readFileSync(`/proc/${orchestrator?.pid}/stat`, 'utf8')
    .replace(/^.*\) /, 'x ')
    .split(' ');
  expect(Number(session)).toBe(orchestrator?.pid);
});
