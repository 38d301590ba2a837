import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Report } from '../../../src/actors/ports.ts';
import { silentLog } from '../../../src/adapters/log/silent.ts';
import { systemProbes } from '../../../src/adapters/probe/probes.ts';
import { cpuSight } from '../../../src/adapters/process/activity-cpu.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { type BusyStat, parseBusyStat, readCpuTable } from '../../../src/adapters/system/cpu-table.ts';
import { identityOf, localWorld } from '../../../src/adapters/system/identity.ts';
import { sendSignal } from '../../../src/adapters/system/signal.ts';
import type { IdleSpec } from '../../../src/machines/spec.ts';
import { eventually } from '../../support/waiting.ts';
import { again, closeRigs, openRig, type Rig } from './rig.ts';

afterEach(closeRigs);

/** Runs a command and watches it: with real processes, real files, and real time. */
async function watched(command: string, more: { after?: number; activity?: IdleSpec['activity']; rig?: Rig } = {}) {
  const { after = 1_000, activity = ['output', 'cpu'], rig = await openRig() } = more;
  const { call, launched } = await rig.launch({ command });
  const run = { ...call.run, handle: launched.handle };
  const reports: Report[] = [];
  const probes = systemProbes({ clock: systemClock(), log: silentLog, view: rig.driver.view });
  onTestFinished(() => probes.close());
  await probes.connect((report) => void reports.push(report));
  const { key, seq, spec: unit } = call;
  await probes.start({ key, seq, run, unit, probe: 'idle', spec: { after, then: 'report', activity }, isIdle: false });
  return {
    ...{ rig, run, probes },
    told: () => reports.map(({ fact }) => fact.type),
    /** Until something was told, or it was seen to work in this many looks. */
    works: (times: number) => {
      const seen = new Set<number>();
      return eventually(
        () => {
          const { atMs } = probes.activityOf(run.runId) ?? {};
          if (atMs !== undefined) seen.add(atMs);
          return reports.length > 0 ? -1 : seen.size;
        },
        (count) => count < 0 || count >= times,
      );
    },
  };
}

const childrenOf = async (pid: number | null | undefined) =>
  (await readCpuTable()).filter(({ parentPid }) => parentPid === pid);

const BUSY = 'while :; do :; done';

describe('of real processes', () => {
  test('one that only sleeps is idle', async () => {
    const { told } = await watched('exec sleep 1000');
    expect(await eventually(told, (types) => types.length > 0)).toEqual(['activity.ceased']);
  });

  // Ten looks are twice the time after which it would be idle.
  test('a quiet one that computes is not, and is named', async () => {
    const { told, works, probes, run } = await watched(`exec sh -c '${BUSY}'`);
    expect([await works(10), told()]).toEqual([10, []]);
    expect(probes.activityOf(run.runId)).toEqual({ atMs: expect.any(Number), text: `sh -c ${BUSY}` });
  });

  test.each([
    ['whose child works', `sh -c '${BUSY}' & wait`],
    ['whose child works in a session of its own, without an environment', `env -i setsid sh -c '${BUSY}' & wait`],
    ['whose daemon works, with no parent left', `(setsid sh -c '${BUSY}' &) ; exec sleep 1000`],
    [
      'whose children work and end, one after the other',
      `while :; do sh -c 'i=0; while [ $i -lt 9999 ]; do i=$((i+1)); done'; done`,
    ],
  ])('one %s is not', async (_, command) => {
    const { told, works, run } = await watched(command);
    const seen = [await works(10), told()];
    // One without an environment is marked by nothing.
    for (const child of await childrenOf(run.handle?.pid)) sendSignal(identityOf(child), 'SIGKILL');
    expect(seen).toEqual([10, []]);
  });

  test('one that prints is not, and where only that counts, one that computes is', async () => {
    const rig = await openRig();
    const printing = await watched('while :; do echo .; sleep 0.1; done', { rig, activity: ['output'] });
    const computing = await watched(`exec sh -c '${BUSY}'`, { rig, activity: ['output'] });
    expect([await printing.works(10), printing.told()]).toEqual([10, []]);
    expect(await eventually(computing.told, (types) => types.length > 0)).toEqual(['activity.ceased']);
  });

  test('one that goes on when it is told to is told of again', async () => {
    const { rig, run, told } = await watched(`until [ -e go ]; do sleep 1000 & wait $!; done; exec sh -c '${BUSY}'`);
    expect(await eventually(told, (types) => types.length > 0)).toEqual(['activity.ceased']);
    mkdirSync(join(rig.stateDir, 'go'));
    for (const sleep of await childrenOf(run.handle?.pid)) sendSignal(identityOf(sleep), 'SIGTERM');
    expect(await eventually(told, (types) => types.length > 1)).toEqual(['activity.ceased', 'activity.resumed']);
  });
});

describe('whoever looks at CPU times', () => {
  const stat = (pid: number, more: Partial<BusyStat> = {}): BusyStat => ({
    ...{ pid, name: `p${pid}`, state: 'S', parentPid: 1, groupId: pid, sessionId: pid, startTicks: '100', cpuTicks: 0 },
    ...more,
  });
  const run = (runId: string, pid: number) => {
    const identity = { ...localWorld(), pid, startTicks: '100' };
    return { unitId: 'u', runId, generation: 1, handle: { pid, identity } };
  };

  function looking(environments: Readonly<Record<number, string>> = {}) {
    let table: readonly BusyStat[] = [];
    let asked = 0;
    const look = cpuSight({
      ownerId: 'o',
      redact: (text) => text,
      readTable: async () => table,
      environmentOf(pid) {
        asked += 1;
        return [environments[pid] ?? ''];
      },
    });
    return {
      asked: () => asked,
      async see(runs: ReturnType<typeof run>[], ...stats: readonly BusyStat[]) {
        table = stats;
        return [...(await look(runs)).keys()];
      },
    };
  }

  test('takes the first look at a run as it is, and every tick after it as work', async () => {
    const { see } = looking();
    const a = run('a.1', 900_001);
    expect([
      await see([a], stat(900_001, { cpuTicks: 500 })),
      await see([a], stat(900_001, { cpuTicks: 500 })),
      await see([a], stat(900_001, { cpuTicks: 501 })),
      await see([a], stat(900_001, { cpuTicks: 501 }), stat(900_002, { parentPid: 900_001 })),
      await see([a], stat(900_001, { cpuTicks: 501 }), stat(900_002, { parentPid: 900_001, cpuTicks: 1 })),
    ]).toEqual([[], [], ['a.1'], [], ['a.1']]);
  });

  test('tells apart whose children work, also without parents, and takes no stranger for one', async () => {
    const { see } = looking({ 900013: 'REEVE_RUN=o/u/b.1', 900014: 'REEVE_RUN=other/u/b.1' });
    const runs = [run('a.1', 900_001), run('b.1', 900_002)];
    const roots = [stat(900_001), stat(900_002)];
    const later = { startTicks: '200', cpuTicks: 1 };
    await see(runs, ...roots);
    const seen = [];
    for (const busy of [
      stat(900_011, { ...later, parentPid: 900_001 }),
      stat(900_012, { ...later, sessionId: 900_002 }),
      stat(900_013, later),
      stat(900_014, later),
      stat(900_015, { ...later, startTicks: '99', sessionId: 900_001 }),
    ]) {
      seen.push(await see(runs, ...roots, busy));
    }
    expect(seen).toEqual([['a.1'], ['b.1'], ['b.1'], [], []]);
  });

  test('takes whoever has the pid of a run later for a stranger', async () => {
    const { see } = looking();
    const a = run('a.1', 900_001);
    await see([a], stat(900_001));
    expect(await see([a], stat(900_001, { startTicks: '300', cpuTicks: 9 }))).toEqual([]);
  });

  test('asks nobody for the environment again and again', async () => {
    const { see, asked } = looking();
    const a = run('a.1', 900_001);
    for (let look = 0; look < 10; look++) await see([a], stat(900_001), stat(900_020, { startTicks: '200' }));
    expect(asked()).toBe(2);
  });

  test('counts what ended children used, in a line whose name holds brackets and spaces', () => {
    const line = '7 (a) b (c) S 1 7 7 0 -1 0 0 0 0 0 10 20 300 4000 20 0 1 0 555 0';
    expect(parseBusyStat(line)).toMatchObject({ pid: 7, startTicks: '555', cpuTicks: 4_330 });
    expect(parseBusyStat('')).toBe(null);
  });
});

test('a run that another orchestrator launched is watched like one of ours', async () => {
  const rig = await openRig();
  const { call } = await rig.launch({ command: 'exec sleep 1000' });
  const later = await rig.reopen();
  const seen = await later.driver.sight({ ...call.run, handle: null });
  const adopted = again(call, seen.is === 'alive' ? seen.handle : null);
  writeFileSync(rig.path(call, 'out'), 'more', { flag: 'a' });
  expect([
    later.driver.view.printedBytes(adopted.run.runId),
    await later.driver.view.lastLine(adopted.run.runId),
    later.driver.view.hasEnded(adopted.run),
    (await later.driver.view.cpuUsers([adopted.run])).size,
  ]).toEqual([4, 'more', false, 0]);
});
