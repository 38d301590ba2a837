import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { ProjectStatus, Result, UnitStatus } from '../../../src/index.ts';
import { closeShells, isAlive, openShell } from './shell.ts';

const PROJECT = 'units: { web: { command: [sleep, "600"] } }';

// Many whole processes, one after the other, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

afterEach(closeShells);

test.each([
  ['its code of 0', 'echo out; echo err >&2', { code: 0, out: 'out\nerr\n', err: '' }],
  ['another code of its own', 'echo no; exit 7', { code: 7, out: 'no\n', err: '' }],
  [
    '128 and the signal that ended it',
    'kill -TERM $$',
    { code: 143, out: '', err: expect.stringContaining('SIGTERM') },
  ],
])('a job that nobody orchestrates passes on %s', async (_, script, said) => {
  expect(await openShell().reeve('run', '--', 'sh', '-c', script)).toEqual(said);
});

test('a job that a live orchestrator runs prints here, from its first byte on, and passes on its code', async () => {
  const shell = openShell({ 'reeve.yaml': PROJECT });
  await shell.json('up', '--detach');
  const numbers = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join('');
  const said = await shell.reeve('run', '--', 'sh', '-c', 'seq 20000; exit 9');
  expect(said).toEqual({ code: 9, out: numbers, err: '' });
});

test('with --json the result is the one document, and what the job prints is beside it', async () => {
  const said = await openShell().reeve('run', '--json', '--', 'echo', 'hello');
  expect(JSON.parse(said.out)).toMatchObject({ outcome: 'finished', code: 0, output: { bytes: 6, tail: 'hello\n' } });
  expect(said.err).toBe('hello\n');
});

test('a command that is not there is told by its name, and is 1', async () => {
  expect(await openShell().reeve('run', '--', 'no-such-command')).toEqual({
    code: 1,
    out: '',
    err: expect.stringMatching(/launch-failed\. Cannot run "no-such-command"/),
  });
});

test('a job is stopped when its time is over', async () => {
  const said = await openShell().reeve('run', '--timeout', '100ms', '--', 'sleep', '600');
  expect(said).toMatchObject({ code: 143, err: expect.stringContaining('timed-out') });
});

test('Ctrl-C stops the job and ends with 130', async () => {
  const shell = openShell();
  const job = shell.start('run', '--', 'sh', '-c', 'echo $$; exec sleep 600');
  await job.printed('\n');
  job.child.kill('SIGINT');
  const { code, out } = await job.said;
  expect({ code, isAlive: isAlive(Number(out)) }).toEqual({ code: 130, isAlive: false });
});

test('in the background it needs no orchestrator before, and is found by its id afterwards', async () => {
  const shell = openShell();
  const { code, out } = await shell.reeve('run', '--background', '--', 'sh', '-c', 'pwd; exit 4');
  const id = out.trim();
  expect({ code, id }).toEqual({ code: 0, id: expect.stringMatching(/^run-[0-9a-z]+-[0-9a-f]{4}$/) });
  expect(await shell.json<Result>('wait', id)).toMatchObject({
    id,
    outcome: 'failed',
    code: 4,
    output: { tail: `${shell.directory}\n` },
  });
  expect((await shell.status()).orchestrator).not.toBeNull();
});

test('what an earlier orchestrator left running is not stopped by a job of our own', async () => {
  const shell = openShell({ 'reeve.yaml': PROJECT });
  const { orchestrator } = await shell.json<ProjectStatus>('up', '--detach');
  const { unit } = await shell.json<{ unit: UnitStatus }>('start', 'web');
  process.kill(orchestrator!.pid, 'SIGKILL');
  expect(await shell.reeve('run', '--', 'true')).toMatchObject({ code: 0 });
  expect(isAlive(unit.run?.pid)).toBe(true);
});

test('-C names the project, wherever one is', async () => {
  const shell = openShell();
  const said = await shell.reeve('-C', join(shell.directory, 'home'), 'run', '--', 'pwd');
  expect(said.out).toBe(`${join(shell.directory, 'home')}\n`);
});
