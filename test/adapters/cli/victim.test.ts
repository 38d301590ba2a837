import { expect, test } from 'vitest';
import { victimOf } from '../../../src/adapters/cli/victim.ts';
import type { UnitStatus } from '../../../src/index.ts';

const statusOf = (run: UnitStatus['run']): UnitStatus => ({
  id: 'web',
  kind: 'server',
  state: 'running',
  substate: 'healthy',
  ready: true,
  desired: 'up',
  run,
  outcome: null,
  restarts: 0,
  port: null,
  activity: null,
  blocked: null,
  quarantined: null,
  why: '',
});

const runOf = (pid: number | null): UnitStatus['run'] => ({
  runId: 'web-1',
  generation: 1,
  pid,
  startedMs: 0,
  adopted: false,
});

test('the process of a unit is the one to kill', () => {
  expect(victimOf(statusOf(runOf(4_711)))).toBe(4_711);
});

test.each([
  ['without a run', null],
  ['with a run that has no process', runOf(null)],
  ['with pid 0, which is our own group to kill(2)', runOf(0)],
  ['with pid 1', runOf(1)],
])('nothing is killed for a unit %s', (_, run) => {
  expect(() => victimOf(statusOf(run))).toThrow('"web" has no process of its own that could be killed');
});
