import { expect, test } from 'vitest';
import type { Report } from '../../../src/actors/ports.ts';
import { silentLog } from '../../../src/adapters/log/silent.ts';
import { type IdleCall, watchActivity } from '../../../src/adapters/probe/activity.ts';
import { idleJudge, lookEveryMs } from '../../../src/adapters/probe/idle-judge.ts';
import { simulatedClock } from '../../../src/adapters/simulation/clock.ts';
import type { IdleSpec } from '../../../src/machines/spec.ts';
import { callFor, runOf } from '../simulation/calls.ts';
import { seenRun } from './bench.ts';

const identity = { bootId: 'b', pidNamespace: 'n', pid: 42, startTicks: '7' };
const EVERYTHING: IdleSpec['activity'] = ['output', 'cpu', 'heartbeat', 'driver'];

function scene() {
  const clock = simulatedClock();
  const run = seenRun();
  const told: (readonly [ms: number, what: string])[] = [];
  let [looks, scans] = [0, 0];
  const report = ({ fact }: Report) =>
    void told.push([clock.monoMs(), 'text' in fact ? `${fact.type}: ${fact.text}` : fact.type]);
  const view = {
    ...run.view,
    printedBytes(runId: string) {
      looks += 1;
      return run.view.printedBytes(runId);
    },
    cpuUsers(runs: Parameters<typeof run.view.cpuUsers>[0]) {
      scans += 1;
      return run.view.cpuUsers(runs);
    },
  };
  const watch = watchActivity({ clock, log: silentLog, view, report });
  return {
    ...{ clock, run, watch, told },
    looks: () => looks,
    scans: () => scans,
    start(more: { isIdle?: boolean; activity?: IdleSpec['activity']; unitId?: string; after?: number } = {}): IdleCall {
      const { isIdle = false, activity = EVERYTHING, unitId = 'api', after = 1_000 } = more;
      const { key, seq, spec: unit } = callFor(runOf(unitId));
      const call: IdleCall = {
        ...{ key, seq, unit, probe: 'idle', isIdle },
        run: runOf(unitId, 1, { pid: 42, identity }),
        spec: { after, then: 'report', activity },
      };
      watch.start(call);
      return call;
    },
    /** Look by look: whoever looks at processes does not do it at once. */
    async pass(ms: number, meanwhile = () => {}) {
      for (let left = ms; left > 0; left -= 200) {
        meanwhile();
        clock.advance(200);
        await new Promise(setImmediate);
      }
    },
  };
}

test('a run that does nothing is told of once, when that has lasted long enough, and again when it works', async () => {
  const { start, pass, told, run } = scene();
  start();
  await pass(800);
  expect(told).toEqual([]);
  await pass(3_000);
  run.computes('api.1', 'make');
  await pass(400);
  expect(told).toEqual([
    [1_000, 'activity.ceased'],
    [4_000, 'activity.resumed: make'],
  ]);
});

test('a run that prints, computes or says that it works is never told of, whatever of it', async () => {
  const { start, pass, told, run, watch } = scene();
  start();
  await pass(5_000, () => run.prints('.'));
  await pass(5_000, () => run.computes('api.1', 'node'));
  await pass(5_000, () => run.says('ping\n'));
  await pass(5_000, () => watch.beat('api.1', 'page 7'));
  expect([told, watch.activityOf('api.1')]).toEqual([[], { atMs: expect.any(Number), text: 'page 7' }]);
});

test('what does not count as activity does not keep a run from being idle', async () => {
  const { start, pass, told, run, watch } = scene();
  start({ activity: ['driver'] });
  await pass(2_000, () => {
    run.prints('.');
    run.says('ping\n');
    run.computes('api.1', 'node');
    watch.beat('api.1', 'page 7');
  });
  expect([told, watch.activityOf('api.1')]).toEqual([[[1_000, 'activity.ceased']], null]);
});

test('a machine that slept has no idle runs, and everybody gets the whole time again', async () => {
  const { start, pass, told, clock } = scene();
  start();
  await pass(800);
  clock.suspend(3_600_000);
  await pass(1_000);
  expect(told).toEqual([]);
  await pass(400);
  expect(told.map(([, what]) => what)).toEqual(['activity.ceased']);
});

test('a run that is known to be idle is told of when it works, and not as idle once more', async () => {
  const { start, pass, told, run } = scene();
  start({ isIdle: true });
  await pass(3_000);
  expect(told).toEqual([]);
  run.prints('awake');
  await pass(200);
  expect(told.map(([, what]) => what)).toEqual(['activity.resumed: printed 5 bytes']);
});

test('the same command twice begins nothing anew, another one does, and a stop ends it with its timer', async () => {
  const { start, pass, told, clock, watch } = scene();
  const call = start();
  await pass(800);
  watch.start(call);
  await pass(200);
  expect(told.length).toBe(1);
  watch.start({ ...call, key: 'another' });
  await pass(800);
  expect(told.length).toBe(1);
  watch.stop(call.run);
  await pass(5_000);
  expect([told.length, clock.pending()]).toEqual([1, 0]);
});

test('a thousand runs are looked at together, by one timer', async () => {
  const { start, pass, looks, scans, clock } = scene();
  for (let unit = 0; unit < 1_000; unit++) {
    start({ unitId: `u${unit}`, after: unit % 2 ? 60_000 : 120_000 });
    clock.advance(1);
  }
  const [before, scanned] = [looks(), scans()];
  expect(clock.pending()).toBe(1);
  await pass(25_600);
  // One scan of the process table for all of them.
  expect(Math.abs(scans() - scanned - 4)).toBeLessThanOrEqual(1);
  // Half of them every 6.4 s, half of them every 12.8 s; one more or less, by when it begins.
  expect(Math.abs(looks() - before - 500 * 4 - 500 * 2)).toBeLessThanOrEqual(500);
});

test('who is to notice soon looks often, and nobody looks all the time', () => {
  const every = (ms: number) => lookEveryMs(ms);
  expect([1, 1_000, 2_000, 10_000, 60_000, 900_000].map(every)).toEqual([200, 200, 400, 1_600, 6_400, 25_600]);
});

test('a judge counts from when it was seen to work last, to the millisecond', () => {
  const judge = idleJudge(1_000, 0, false);
  judge.works(500);
  expect([judge.rests(1_499), judge.rests(1_500), judge.rests(1_501), judge.works(2_000), judge.works(2_001)]).toEqual([
    ...[false, true, false],
    ...[true, false],
  ]);
});
