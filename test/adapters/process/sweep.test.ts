import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { identify, isAlive } from '../../../src/adapters/system/identity.ts';
import { leaving, swept } from './leaving.ts';
import { again, closeRigs, openRig } from './rig.ts';

afterEach(closeRigs);

test.each([
  ['a child that went into the background', `sh -c 'echo $$; exec sleep 1000' & sleep 0`],
  ['a grandchild in a session of its own', `setsid sh -c 'echo $$; exec sleep 1000' & sleep 0`],
  ['a daemon that forked twice', `setsid sh -c 'sh -c "echo \\$\\$; exec sleep 1000" & exit' & sleep 0`],
  ['a child without an environment', `env -i sh -c 'echo $$; exec sleep 1000' & sleep 0`],
])('%s is swept', async (_, command) => {
  const rig = await openRig();
  const { call, strays } = await leaving(rig, command);
  expect(await swept(rig, call, 'terminate')).toEqual([]);
  expect(strays.map(isAlive)).toEqual([false]);
});

test('a child of a stray is swept with it, though nothing marks it', async () => {
  const rig = await openRig();
  const nobody = `env -i setsid sh -c "echo \\$\\$; exec sleep 1000"`;
  const { call, strays } = await leaving(rig, `setsid sh -c 'echo $$; ${nobody} & wait' & sleep 0`, 2);
  expect(await swept(rig, call, 'terminate')).toEqual([]);
  expect(strays.map(isAlive)).toEqual([false, false]);
});

test('a run that left nothing behind is swept at once', async () => {
  const rig = await openRig();
  const { call } = await rig.run({ command: 'true' });
  expect(await swept(rig, call, 'terminate')).toEqual([]);
});

test('a stray that is deaf to SIGTERM is waited for, and killed when that is asked', async () => {
  const rig = await openRig();
  const { call, strays } = await leaving(
    rig,
    `setsid sh -c 'trap "" TERM; echo $$; while :; do sleep 1000; done' & sleep 0`,
  );
  await rig.driver.sweep(again(call), 'terminate');
  await rig.driver.sweep(again(call), 'kill');
  expect((await rig.fact('run.swept', call)).survivors).toEqual([]);
  expect(strays.map(isAlive)).toEqual([false]);
  expect(rig.facts.filter(({ type }) => type === 'run.swept')).toHaveLength(1);
});

test('strays of another run, and strangers, are left alone', async () => {
  const rig = await openRig();
  const stranger = spawn('sleep', ['1000'], { stdio: 'ignore' });
  const other = await leaving(rig, `setsid sh -c 'echo $$; exec sleep 1000' & sleep 0`);
  const mine = await leaving(rig, `setsid sh -c 'echo $$; exec sleep 1000' & sleep 0`);
  expect(await swept(rig, mine.call, 'kill')).toEqual([]);
  expect([...mine.strays, ...other.strays, identify(stranger.pid!)!].map(isAlive)).toEqual([false, true, true]);
  stranger.kill('SIGKILL');
  await once(stranger, 'exit');
});

test('a run whose directory is gone is still swept, by its marker', async () => {
  const rig = await openRig();
  const { call, strays } = await leaving(rig, `setsid sh -c 'echo $$; exec sleep 1000' & sleep 0`);
  await rig.driver.discard(call.run);
  expect(await swept(rig, call, 'kill')).toEqual([]);
  expect(strays.map(isAlive)).toEqual([false]);
});

test('the marker names owner, unit and run, and is not in the environment of the launcher', async () => {
  const rig = await openRig();
  const { call, launched } = await rig.launch({ command: ['sleep', '1000'] });
  const marked = (pid: unknown) =>
    readFileSync(`/proc/${pid}/environ`, 'utf8')
      .split('\0')
      .filter((entry) => entry.startsWith('REEVE_RUN'));
  const { launcher } = launched.handle as unknown as { launcher: { pid: number } };
  await expect
    .poll(() => marked(launched.handle.pid))
    .toEqual([`REEVE_RUN=${rig.ownerId}/${call.run.unitId}/${call.run.runId}`]);
  expect(marked(launcher.pid)).toEqual([]);
});
