import { readFileSync, statSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { conditionOf, identify } from '../../../src/adapters/system/identity.ts';
import { eventually } from '../../support/waiting.ts';
import { again, closeRigs, openRig } from './rig.ts';

afterEach(closeRigs);

const types = (facts: readonly { type: string }[]) => facts.map(({ type }) => type);

test.each([
  ['a program that ends well', 'exit 0', { code: 0, signal: null, rawStatus: 0, certain: true }],
  ['a program that says it failed', 'exit 7', { code: 7, signal: null, rawStatus: 7, certain: true }],
  ['a program that only says 137', 'exit 137', { code: 137, signal: null, rawStatus: 137, certain: true }],
  ['a program that was killed', 'kill -KILL $$', { code: null, signal: 'SIGKILL', rawStatus: 137, certain: true }],
  ['a program that was terminated', 'kill -TERM $$', { code: null, signal: 'SIGTERM', rawStatus: 143, certain: true }],
  ['a program that aborted', 'kill -ABRT $$', { code: null, signal: 'SIGABRT', rawStatus: 134, certain: true }],
  ['a program that was interrupted', 'kill -INT $$', { code: null, signal: 'SIGINT', rawStatus: 130, certain: false }],
])('%s is reported as that', async (_, command, expected) => {
  const rig = await openRig();
  const before = Date.now() - 20;
  const { exited } = await rig.run({ command });
  const { endedMs, said, ...exit } = exited.exit;
  expect(said).toBe(exit.code === 0 ? undefined : '');
  expect(exit).toEqual(expected);
  expect(endedMs).toBeGreaterThan(before);
  expect(endedMs).toBeLessThanOrEqual(Date.now() + 20);
  expect(types(rig.facts)).toEqual(['run.launched', 'run.exited']);
});

test('the pid of a run is the pid of the command, not of its launcher', async () => {
  const rig = await openRig();
  const { call } = await rig.run({ command: ['/bin/sh', '-c', 'echo $$'] });
  const launched = await rig.fact('run.launched', call);
  expect(launched).toEqual({
    type: 'run.launched',
    generation: 1,
    adopted: false,
    startedMs: expect.closeTo(Date.now(), -4),
    handle: {
      pid: Number((await rig.driver.outputs.read(call.run.runId, { mode: 'full' })).text),
      identity: expect.objectContaining({ pid: launched.handle.pid }),
      launcher: expect.objectContaining({ startTicks: expect.stringMatching(/^\d+$/) }),
    },
  });
});

test('standard output and standard error end up in one file, in order', async () => {
  const rig = await openRig();
  const { text } = await rig.run({ command: 'echo one; echo two >&2; echo three' });
  expect(text).toBe('one\ntwo\nthree\n');
});

test('an array is executed as it is, a string by a shell', async () => {
  const rig = await openRig();
  const words = await rig.run({ command: ['printf', '<%s>', 'a b', '$HOME', '', '*', '; exit 3', "it's"] });
  expect([words.text, words.exited.exit.code]).toEqual(["<a b><$HOME><><*><; exit 3><it's>", 0]);
  const shell = await rig.run({ command: 'printf "<%s>" a b | cat; exit 3' });
  expect([shell.text, shell.exited.exit.code]).toEqual(['<a><b>', 3]);
});

test('the same command asked for twice launches once', async () => {
  const rig = await openRig();
  const call = rig.call({ command: 'echo ran' });
  await Promise.all([rig.driver.launch(call), rig.driver.launch(call)]);
  await rig.fact('run.exited', call);
  expect([readFileSync(rig.path(call, 'out'), 'utf8'), types(rig.facts)]).toEqual([
    'ran\n',
    ['run.launched', 'run.exited'],
  ]);
});

test('the same signal asked for twice is sent once', async () => {
  const rig = await openRig();
  const program = new URL('../../fixtures/counts-sigterm.ts', import.meta.url).pathname;
  const { call } = await rig.launch({ command: [process.execPath, program] });
  const text = () => readFileSync(rig.path(call, 'out'), 'utf8');
  await expect.poll(text, { timeout: 5_000 }).toBe('ready\n');
  const stop = again(call);
  await rig.driver.endRun(stop, 'terminate');
  await expect.poll(text).toBe('ready\n1\n');
  await rig.driver.endRun(stop, 'terminate');
  const { spec } = rig.call({ stop: { signal: 'SIGUSR2' } });
  await rig.driver.endRun({ ...again(call), spec }, 'terminate');
  await rig.fact('run.exited', call);
  expect(text()).toBe('ready\n1\n');
});

test('a launch that is ordered again under a new key does not launch again', async () => {
  const rig = await openRig();
  const call = rig.call({ command: 'echo ran' });
  await rig.driver.launch(call);
  await rig.fact('run.exited', call);
  await rig.driver.launch(again(call));
  expect(readFileSync(rig.path(call, 'out'), 'utf8')).toBe('ran\n');
});

test('the stop signal of the spec ends the whole group', async () => {
  const rig = await openRig();
  const { call } = await rig.launch({
    command: 'sleep 1000 & echo $!; exec sleep 1000',
    stop: { signal: 'SIGUSR1' },
  });
  const output = rig.driver.outputs.follow(call.run.runId, { fromByte: 0 })[Symbol.asyncIterator]();
  const member = identify(Number((await output.next()).value));
  await rig.driver.endRun(again(call), 'terminate');
  const { exit } = await rig.fact('run.exited', call);
  expect(exit.signal).toBe('SIGUSR1');
  expect(
    await eventually(
      () => member && conditionOf(member),
      (seen) => seen === 'gone',
    ),
  ).toBe('gone');
  await output.return?.();
});

test('a stopped process hears its stop signal', async () => {
  const rig = await openRig();
  const { call, launched } = await rig.launch({ command: ['sleep', '1000'] });
  process.kill(launched.handle.pid!, 'SIGSTOP');
  await rig.driver.endRun(again(call), 'terminate');
  expect((await rig.fact('run.exited', call)).exit.signal).toBe('SIGTERM');
});

test('a program that is deaf to SIGTERM lives until it is killed', async () => {
  const rig = await openRig();
  const { call } = await rig.launch({
    command: 'trap "echo deaf" TERM; echo ready; while :; do sleep 1000 & wait; done',
  });
  const output = rig.driver.outputs.follow(call.run.runId, { fromByte: 0 })[Symbol.asyncIterator]();
  await output.next();
  await rig.driver.endRun(again(call), 'terminate');
  expect((await output.next()).value).toContain('deaf');
  await output.return?.();
  expect(types(rig.facts)).toEqual(['run.launched']);
  await rig.driver.endRun(again(call), 'kill');
  expect((await rig.fact('run.exited', call)).exit).toMatchObject({ signal: 'SIGKILL', certain: true });
});

test('a run ends with its leader, also while a grandchild holds its output open', async () => {
  const rig = await openRig();
  const { exited, call } = await rig.run({ command: 'setsid sleep 1000 & echo done' });
  expect(exited.exit.code).toBe(0);
  await rig.driver.sweep(again(call), 'kill');
  await rig.fact('run.swept', call);
});

test('an exit is because of the entry that asked for it', async () => {
  const rig = await openRig();
  const causes: (number | null)[] = [];
  const { call } = await rig.launch({ command: ['sleep', '1000'] });
  await rig.driver.connect(({ cause, fact }) => void (fact.type === 'run.exited' && causes.push(cause)));
  const stop = again(call);
  await rig.driver.endRun(stop, 'terminate');
  await expect.poll(() => causes, { timeout: 5_000 }).toEqual([stop.seq]);
});

test('discarding a run removes what was kept of it', async () => {
  const rig = await openRig();
  const { call } = await rig.run({ command: 'echo hello' });
  await rig.driver.discard(call.run);
  expect(statSync(rig.path(call, ''), { throwIfNoEntry: false })).toBeUndefined();
  expect(await rig.driver.outputs.read(call.run.runId, { mode: 'full' })).toEqual({
    text: '',
    truncated: false,
    sizeBytes: 0,
  });
});

test('closing ends nothing and reports nothing more', async () => {
  const rig = await openRig();
  const { call, launched } = await rig.launch({ command: ['sleep', '1000'] });
  await rig.driver.close();
  process.kill(launched.handle.pid!, 'SIGKILL');
  await expect.poll(() => readFileSync(rig.path(call, 'record'), 'utf8')).toContain('exit 137');
  expect(types(rig.facts)).toEqual(['run.launched']);
});

test('fifty runs at once each end exactly once, with their own code', async () => {
  const rig = await openRig();
  const codes = Array.from({ length: 50 }, (_, code) => code);
  const runs = await Promise.all(codes.map((code) => rig.run({ command: `exit ${code}` })));
  expect(runs.map(({ exited }) => exited.exit.code)).toEqual(codes);
  expect(types(rig.facts).sort()).toEqual([...codes.map(() => 'run.exited'), ...codes.map(() => 'run.launched')]);
});

test('a command that somebody has stopped is said to wait, and to go on again', async () => {
  const rig = await openRig();
  const { launched } = await rig.launch({ command: 'exec sleep 1000' });
  const pid = launched.handle.pid ?? 0;
  const blocked = () => rig.facts.flatMap((fact) => (fact.type === 'run.blocked' ? fact.on : []));
  process.kill(pid, 'SIGSTOP');
  await expect.poll(blocked, { timeout: 8_000 }).toEqual([`a signal that continues it: kill -CONT ${pid}`]);
  process.kill(pid, 'SIGCONT');
  await expect.poll(blocked, { timeout: 8_000 }).toEqual([expect.any(String), null]);
});
