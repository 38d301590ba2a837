import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { policyLine } from '../../../src/adapters/process/guardian-policy.ts';
import { conditionOf } from '../../../src/adapters/system/identity.ts';
import { decodeUnit, type JobSpec } from '../../../src/machines/spec.ts';
import { gone, guardians, STOP, soon } from './guardians.ts';
import { again, closeRigs, openRig } from './rig.ts';

afterEach(closeRigs);

test.each([
  ['adopt', {}, 'adopt\n'],
  ['stop', {}, 'stop 0 500 TERM sweep o/a/a.1\n'],
  [{ lease: '1.5s' }, { stop: { signal: 'SIGINT', grace: 5 } }, 'lease 150 1 INT sweep o/a/a.1\n'],
  ['stop', { keepDescendants: true }, 'stop 0 500 TERM keep o/a/a.1\n'],
])('%j is handed to the guardian in words of a shell', (onOrchestratorDeath, rest, line) => {
  const spec = decodeUnit({ id: 'a', kind: 'job', command: 'true', onOrchestratorDeath, ...rest }) as JobSpec;
  expect(policyLine(spec, 'o/a/a.1')).toBe(line);
});

test('runs that may live on need no guardian, and one is enough for all others', async () => {
  const rig = await openRig();
  await rig.launch({ command: ['sleep', '1000'] });
  expect([guardians(rig), existsSync(join(rig.stateDir, 'owner'))]).toEqual([[], false]);
  await Promise.all([
    rig.launch({ command: ['sleep', '1000'], ...STOP }),
    rig.launch({ command: ['sleep', '1000'], ...STOP }),
  ]);
  expect(guardians(rig)).toEqual([expect.any(Number)]);
});

test('a run that nobody can watch over is not launched, and nobody is left who tried', async () => {
  const rig = await openRig();
  mkdirSync(join(rig.stateDir, 'owner'));
  const call = rig.call({ command: ['sleep', '1000'], ...STOP });
  await rig.driver.launch(call);
  expect(await rig.fact('run.launch-failed', call)).toMatchObject({
    problem: { code: 'LaunchRefused', message: expect.stringContaining('owner') },
  });
  expect(existsSync(rig.path(call, ''))).toBe(false);
  await expect.poll(() => guardians(rig), soon).toEqual([]);
});

test('a guardian that is killed while its orchestrator lives is replaced', async () => {
  const rig = await openRig();
  const { launched } = await rig.launch({ command: ['sleep', '1000'], ...STOP });
  const [first = 0] = guardians(rig);
  process.kill(first, 'SIGKILL');
  await expect.poll(() => guardians(rig).filter((pid) => pid !== first), soon).toHaveLength(1);
  expect(rig.warnings).toEqual(['the guardian has ended, by SIGKILL; another follows']);
  expect(conditionOf(launched.handle.identity!)).toBe('running');
  await rig.driver.close();
  await gone(launched.handle.identity!);
});

test('signals that end most programs neither end the guardian nor make it act', async () => {
  const rig = await openRig();
  const { launched } = await rig.launch({ command: ['sleep', '1000'], ...STOP });
  const [guardian = 0] = guardians(rig);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGALRM', 'SIGPIPE'] as const) {
    process.kill(guardian, signal);
  }
  await rig.run({ command: 'true' });
  expect([guardians(rig), conditionOf(launched.handle.identity!)]).toEqual([[guardian], 'running']);
  await rig.driver.close();
  await gone(launched.handle.identity!);
});

test('what an orchestrator leaves on purpose goes on, and the next one watches over it again', async () => {
  const rig = await openRig();
  const { launched } = await rig.launch({ command: ['sleep', '1000'], ...STOP });
  rig.driver.leave();
  await rig.driver.close();
  expect([guardians(rig), conditionOf(launched.handle.identity!)]).toEqual([[], 'running']);
  const next = await rig.reopen();
  expect(guardians(rig)).toEqual([expect.any(Number)]);
  await next.driver.close();
  await gone(launched.handle.identity!);
});

test('the guardian of a dead orchestrator leaves its runs to the next one', async () => {
  const rig = await openRig();
  const { call, launched } = await rig.launch({ command: ['sleep', '1000'], onOrchestratorDeath: { lease: '60s' } });
  const [first = 0] = guardians(rig);
  await rig.driver.close();
  expect(guardians(rig)).toEqual([first]);
  const next = await rig.reopen();
  await expect.poll(() => guardians(rig).includes(first), soon).toBe(false);
  expect(guardians(rig)).toHaveLength(1);
  expect(conditionOf(launched.handle.identity!)).toBe('running');
  await next.driver.attach(again(call, launched.handle));
  await next.driver.endRun(again(call, launched.handle), 'kill');
  expect((await next.fact('run.exited', call)).exit).not.toHaveProperty('by');
});

test('what was told to end before the next orchestrator came ends all the same, and by whom is known', async () => {
  const rig = await openRig();
  const command = 'trap "echo deaf" TERM; echo ready; while :; do sleep 1000 & wait; done';
  const { call, launched } = await rig.launch({ command, stop: { grace: '700ms' }, ...STOP });
  const text = () => readFileSync(rig.path(call, 'out'), 'utf8');
  await expect.poll(text, soon).toBe('ready\n');
  void rig.driver.close();
  await expect.poll(text, soon).toBe('ready\ndeaf\n');
  const next = await rig.reopen();
  expect(await next.driver.sight(call.run)).toMatchObject({ is: 'alive' });
  await next.driver.attach(again(call, launched.handle));
  expect((await next.fact('run.exited', call)).exit).toMatchObject({ signal: 'SIGKILL', by: 'orchestrator-death' });
});

test('nothing of the guardian is left once nothing is left that it has to end', async () => {
  const rig = await openRig();
  await rig.run({ command: 'true', ...STOP });
  await rig.driver.close();
  expect([guardians(rig), existsSync(join(rig.stateDir, 'owner'))]).toEqual([[], false]);
});
