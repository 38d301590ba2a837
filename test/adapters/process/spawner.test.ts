import { mkdirSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { installLauncher } from '../../../src/adapters/process/launcher.ts';
import { runPaths } from '../../../src/adapters/process/run-directory.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { commandLine, initialEnvironment, readProcessTable } from '../../../src/adapters/system/process-table.ts';
import { leftIn, startHost, startProgram } from '../../support/host.ts';
import { stateDirectory } from '../../support/state-directory.ts';
import { soon } from './guardians.ts';
import { heirlooms } from './heirlooms.ts';
import { closeRigs, openRig } from './rig.ts';
import { openSpawned, spawnerOf, spawnersIn } from './spawners.ts';

afterEach(closeRigs);

const orchestrator = new URL('../../fixtures/orchestrator.ts', import.meta.url).pathname;
const quiet = () => {};
const silent = { debug: quiet, info: quiet, warn: quiet, error: quiet };

/** Prints the command line of whoever started the launcher of this command. */
const WHO = `read -r _ _ _ parent _ </proc/$PPID/stat; tr '\\0' ' ' </proc/$parent/cmdline`;

test('a lean host forks by itself, and a spawner does from the launch on before which it has grown', async () => {
  const stateDir = stateDirectory();
  const host = startProgram(
    stateDir,
    `
    const reeve = await openReeve({ stateDir });
    const told = async (id) => (await reeve.run(job({ id, command: ${JSON.stringify(WHO)} }))).output.tail;
    console.log('lean', await told('lean'));
    globalThis.held = Buffer.alloc(200 * 2 ** 20, 1);
    console.log('fat', await told('fat'));
    console.log('still', await told('still'));
    await reeve.close();
    `,
  );
  expect(await host.said('lean ')).not.toContain('spawner-');
  const fat = await host.said('fat ');
  expect(fat).toContain(`${stateDir}/bin/spawner-`);
  expect(await host.said('still ')).toBe(fat);
  expect([(await host.ended).code, await leftIn(stateDir)]).toEqual([0, []]);
});

test('a spawner has nothing of ours but a channel: no arguments, no environment, no files, no terminal', async () => {
  const rig = await openSpawned({ ...process.env, SECRET: 'x', NODE_OPTIONS: '--no-warnings' });
  const spawner = await spawnerOf(rig);
  const { pid } = spawner;
  const open = readdirSync(`/proc/${pid}/fd`).map((descriptor) => readlinkSync(`/proc/${pid}/fd/${descriptor}`));
  // What libuv and V8 have opened for themselves.
  const isOwn = (path: string) => /^(\/dev\/null|anon_inode:.*|pipe:.*)$/.test(path);
  expect({
    command: commandLine(spawner).replace(/-[0-9a-f]{12}/, ''),
    environment: initialEnvironment(pid).filter((entry) => entry !== '' && !entry.startsWith('NODE_CHANNEL_')),
    cwd: readlinkSync(`/proc/${pid}/cwd`),
    leads: spawner.sessionId === pid,
    channels: open.filter((path) => !isOwn(path)).map((path) => path.replace(/\d+/, '')),
  }).toEqual({
    command: `${process.execPath} ${rig.stateDir}/bin/spawner.cjs`,
    environment: ['ELECTRON_RUN_AS_NODE=1'],
    cwd: '/',
    leads: true,
    channels: ['socket:[]'],
  });
});

test('a spawner reaps what it has started, and is gone when the driver is closed', async () => {
  const rig = await openSpawned();
  const { pid } = await spawnerOf(rig);
  const children = () => readProcessTable().filter(({ parentPid }) => parentPid === pid);
  await expect.poll(children, soon).toEqual([]);
  const { launched } = await rig.launch({ command: ['sleep', '1000'] });
  expect(children().map((child) => child.pid)).toEqual([
    (launched.handle as unknown as { launcher: { pid: number } }).launcher.pid,
  ]);
  await rig.driver.close();
  expect(spawnersIn(rig.stateDir)).toEqual([]);
});

test('what we were born with is open neither in a spawner nor in what it starts', async () => {
  const rig = await openRig();
  const { give, countIn, areHeld } = heirlooms();
  const unit = { kind: 'job', id: 'orphan', command: ['sleep', '1000'], cwd: rig.stateDir };
  const words = [orchestrator, rig.stateDir, rig.ownerId, JSON.stringify(unit), 'spawner'];
  const host = give((birth) => startHost(words, birth));
  const { handle } = JSON.parse(`{${await host.said('{"type":"run.launched",')}`);
  const [spawner] = spawnersIn(rig.stateDir);
  expect([host.pid, spawner!.pid, handle.launcher.pid, handle.pid].map(countIn)).toEqual([2, 0, 0, 0]);
  await host.end('SIGKILL');
  await expect.poll(areHeld, soon).toBe(false);
});

test.each([
  ['we fork', false],
  ['a spawner forks', true],
])('where %s, a directory that goes away in the last moment is named in the same words', async (_, usesSpawner) => {
  const stateDir = stateDirectory();
  const launcher = await installLauncher({ stateDir, clock: systemClock(), log: silent, usesSpawner });
  const launch = await launcher.prepare();
  const cwd = join(stateDir, 'gone');
  mkdirSync(cwd);
  rmSync(cwd, { recursive: true });
  const plan = { argv: ['/bin/true'], cwd, env: {}, marker: 'm', policy: 'adopt\n', port: null };
  const failure = await launch(plan, runPaths(stateDir, 'u.1')).begun.catch(({ code, message }) => ({ code, message }));
  await launcher.close();
  expect(failure).toEqual({ code: 'ENOENT', message: 'spawn /bin/sh ENOENT' });
});
