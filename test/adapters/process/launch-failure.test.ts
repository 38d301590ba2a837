import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { closeRigs, openRig } from './rig.ts';

afterEach(closeRigs);

async function failureOf(unit: (dir: string) => object, usesSpawner = false) {
  const rig = await openRig(process.env, { usesSpawner });
  const call = rig.call(unit(rig.stateDir));
  await rig.driver.launch(call);
  const { problem, resource } = await rig.fact('run.launch-failed', call);
  expect(rig.facts.length).toBe(1);
  const inPlace = (text: string) => text.replaceAll(rig.stateDir, '<dir>');
  return { message: inPlace(problem.message), hint: inPlace(problem.hint), code: problem.code, resource };
}

test('a command that does not exist is named, with where it was looked for', async () => {
  const unit = { command: ['no-such-thing', 'x'], env: { inherit: 'none', set: { PATH: '/bin:/usr/bin' } } };
  expect(await failureOf(() => unit)).toEqual({
    code: 'CommandNotRunnable',
    message: 'Cannot run "no-such-thing" in <dir>: no such command.',
    hint: 'Install it, or give its full path. Looked in PATH: /bin:/usr/bin',
    resource: false,
  });
});

test('a path that does not exist is told from a command that does not exist', async () => {
  expect(await failureOf(() => ({ command: ['./tool'] }))).toEqual({
    code: 'CommandNotRunnable',
    message: 'Cannot run "./tool" in <dir>: no such file.',
    hint: "There is no <dir>/tool. Relative paths start at the unit's cwd.",
    resource: false,
  });
});

test('a file that may not be executed says so', async () => {
  const unit = (dir: string) => {
    writeFileSync(join(dir, 'tool'), '#!/bin/sh\n');
    chmodSync(join(dir, 'tool'), 0o644);
    return { command: ['./tool'] };
  };
  expect(await failureOf(unit)).toEqual({
    code: 'CommandNotRunnable',
    message: 'Cannot run "./tool" in <dir>: permission denied.',
    hint: 'Make <dir>/tool executable for this user, for example with chmod +x.',
    resource: false,
  });
});

test('a match in PATH that may not be executed explains why nothing was found', async () => {
  const unit = (dir: string) => {
    writeFileSync(join(dir, 'tool'), '#!/bin/sh\n', { mode: 0o644 });
    return { command: ['tool'], env: { inherit: 'none', set: { PATH: `${dir}:/bin` } } };
  };
  expect((await failureOf(unit)).message).toBe('Cannot run "tool" in <dir>: permission denied.');
});

test('a directory is no command', async () => {
  expect((await failureOf(() => ({ command: ['./'] }))).message).toBe('Cannot run "./" in <dir>: is a directory.');
});

test('a missing directory is told from a missing command', async () => {
  expect(await failureOf((dir) => ({ command: ['true'], cwd: join(dir, 'gone') }))).toEqual({
    code: 'DirectoryNotUsable',
    message: 'Cannot run anything in <dir>/gone: no such directory.',
    hint: 'Create the directory, or set another cwd.',
    resource: false,
  });
});

test('a cwd that is a file says so', async () => {
  const unit = (dir: string) => {
    writeFileSync(join(dir, 'file'), '');
    return { command: ['true'], cwd: join(dir, 'file') };
  };
  expect((await failureOf(unit)).message).toBe('Cannot run anything in <dir>/file: not a directory.');
});

test('a variable that a shell cannot hand on is refused instead of lost', async () => {
  const failure = await failureOf(() => ({ command: 'true', env: { set: { IFS: ',' } } }));
  expect([failure.code, failure.message, failure.resource]).toEqual([
    'VariableNotPassable',
    'Cannot set the environment variable "IFS": the shell that launches keeps it for itself.',
    false,
  ]);
});

test.each([
  ['we fork', false],
  ['a spawner forks', true],
])('where %s, a command line that is too long for the system is the operator’s to fix', async (_, usesSpawner) => {
  expect(await failureOf(() => ({ command: ['true', 'x'.repeat(3_000_000)] }), usesSpawner)).toEqual({
    code: 'LaunchRefused',
    message: 'Cannot launch the command: spawn E2BIG.',
    hint: 'Arguments and environment together are too large. Pass the data in a file.',
    resource: false,
  });
});

test('a run directory that cannot be made is a failed launch, not a crash', async () => {
  const rig = await openRig();
  const call = rig.call({ command: 'true' });
  await rig.driver.close();
  const later = await rig.reopen();
  // In the place of the directory of all runs there is a file.
  rmSync(join(rig.stateDir, 'runs'), { recursive: true });
  writeFileSync(join(rig.stateDir, 'runs'), '');
  await later.driver.launch(call);
  expect(await later.fact('run.launch-failed', call)).toMatchObject({ resource: false });
  rmSync(join(rig.stateDir, 'runs'));
  mkdirSync(join(rig.stateDir, 'runs'));
});

test('when descriptors run out the launch is refused for now, and works later', async () => {
  const rig = await openRig();
  await rig.run({ command: 'true' });
  const limit = (soft: string) => execFileSync('prlimit', [`--pid=${process.pid}`, `--nofile=${soft}:`]);
  const before = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? '1024';
  const held = Array.from({ length: 400 }, () => openSync('/dev/null', 'r'));
  limit('300');
  const call = rig.call({ command: 'true' });
  const failed = rig.fact('run.launch-failed', call);
  await rig.driver.launch(call);
  for (const descriptor of held) closeSync(descriptor);
  limit(before);
  expect(await failed).toMatchObject({ resource: true, problem: { code: 'LaunchRefused' } });
  expect((await rig.run({ command: 'exit 3' })).exited.exit.code).toBe(3);
});
