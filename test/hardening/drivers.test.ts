import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { CLOSES_WITHIN_MS } from '../../src/actors/closing.ts';
import { ANSWERS_WITHIN_MS } from '../../src/actors/interpreter.ts';
import { openOrchestrator } from '../../src/actors/orchestrator.ts';
import type { Driver, DriverCall, Log, Reporter } from '../../src/actors/ports.ts';
import { type SimulatedClock, simulatedClock } from '../../src/adapters/simulation/clock.ts';
import { stopAll } from '../../src/api/stop-all.ts';
import type { Fact } from '../../src/machines/events.ts';
import { decodeUnit } from '../../src/machines/spec.ts';
import { openStore } from '../../src/store/store.ts';
import { nextTurn } from '../../src/testing/turns.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const aServer = (id: string) =>
  decodeUnit({ id, kind: 'server', command: [id], restart: 'never', stop: { grace: '1s' } });
const EXIT = { code: null, signal: 'SIGTERM', rawStatus: 143, certain: true, endedMs: 1 };
const nothing = async (): Promise<void> => {};
const never = (): Promise<never> => new Promise(() => {});
const fails = (): never => {
  throw new Error('the driver is broken');
};

/** A driver that does as it should, in memory. */
function honest() {
  const begun = new Set<string>();
  const running = new Set<string>();
  let report: Reporter = () => {};
  const say = ({ run, seq }: DriverCall, fact: object, generation = run.generation): void =>
    report({ unitId: run.unitId, cause: seq, fact: { ...fact, generation } as Fact });
  const end = (call: DriverCall): void => {
    if (running.delete(call.run.runId)) say(call, { type: 'run.exited', exit: EXIT });
  };
  const driver: Driver = {
    connect: async (reporter) => {
      report = reporter;
    },
    async launch(call) {
      begun.add(call.run.runId);
      running.add(call.run.runId);
      say(call, { type: 'run.launched', handle: { pid: 1, identity: null }, startedMs: 1, adopted: false });
    },
    revoke: async (call) => say(call, { type: 'run.revoked' }),
    attach: nothing,
    endRun: async (call) => end(call),
    sweep: async (call) => say(call, { type: 'run.swept', survivors: [] }),
    async sight({ runId }) {
      if (running.has(runId)) return { is: 'alive', handle: { pid: 1, identity: null } };
      return { is: begun.has(runId) ? 'lost' : 'revoked' };
    },
    discard: nothing,
    tidy: nothing,
    close: nothing,
  };
  return { driver, say, end };
}

type Honest = ReturnType<typeof honest>;

/** For the unit `ill` it does the mischief, for every other what it should. */
function driverWith(does: (well: Honest) => Partial<Driver>): Driver {
  const well = honest();
  const mischief = does(well);
  const choose = <Name extends 'launch' | 'revoke' | 'attach' | 'endRun' | 'sweep'>(name: Name) =>
    ((call: DriverCall, how: never) => {
      const way = call.run.unitId === 'ill' ? (mischief[name] ?? well.driver[name]) : well.driver[name];
      return (way as (call: DriverCall, how: never) => Promise<void>)(call, how);
    }) as Driver[Name];
  return {
    ...well.driver,
    ...mischief,
    launch: choose('launch'),
    revoke: choose('revoke'),
    attach: choose('attach'),
    endRun: choose('endRun'),
    sweep: choose('sweep'),
  };
}

/** The production orchestrator over a store on disk, with this driver and a clock that moves when it is told to. */
async function opened(driver: Driver) {
  const clock = simulatedClock();
  const warnings: string[] = [];
  const note = (_: object, message: string): void => void warnings.push(message);
  const log: Log = { debug: nothing, info: nothing, warn: note, error: note };
  const path = join(temporaryDirectory(), 'reeve.db');
  const store = openStore({ path });
  const reader = openStore({ path, readonly: true });
  const probes = { connect: nothing, start: nothing, stop: nothing, close: nothing };
  const options = { store, clock, log, drivers: { process: driver }, probes, instance: 'i' };
  const orchestrator = await openOrchestrator(options);
  onTestFinished(async () => {
    await lasting(orchestrator.close(), clock);
    reader.close();
  });
  orchestrator.add(['ill', 'well'].map(aServer));
  const lookAt = (id: string) => {
    const actor = orchestrator.registry.get(id);
    const outcomes = reader.runs(id).map(({ outcome }) => outcome?.kind ?? 'runs');
    return { value: actor?.snapshot.value, outcomes, quarantined: actor?.quarantined ?? null };
  };
  return { orchestrator, clock, warnings, lookAt };
}

/** Lets time pass until it is done. Answers with how long that took. */
async function lasting(work: Promise<unknown>, clock: SimulatedClock): Promise<number> {
  const sinceMs = clock.monoMs();
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  done.catch(() => {});
  for (await nextTurn(); !isDone; await nextTurn()) clock.advance(clock.isQuiet() ? 10 : 0);
  await done;
  return clock.monoMs() - sinceMs;
}

async function pass(clock: SimulatedClock, ms: number): Promise<void> {
  for (const dueMs = clock.monoMs() + ms; clock.monoMs() < dueMs; await nextTurn()) clock.advance(10);
}

interface Row {
  readonly does: (well: Honest) => Partial<Driver>;
  /** What has become of the unit whose driver does this, a moment after it was started. */
  readonly then: unknown;
  /** How its run ended when it was stopped. */
  readonly outcome: string;
  readonly warnings?: readonly unknown[];
}

const RUNS = { running: 'healthy' };
const BROKEN = 'the driver is broken';
const HANGS = (count: number): string =>
  `${count} commands are not answered after ${ANSWERS_WITHIN_MS} ms: their drivers hang`;

const MISCHIEF: Readonly<Record<string, Row>> = {
  'throws where it should launch': {
    does: () => ({ launch: fails }),
    then: { reaped: 'backoff' },
    outcome: 'launch-failed',
    warnings: [`launch: ${BROKEN}`],
  },
  'rejects where it should launch': {
    does: () => ({ launch: async () => fails() }),
    then: { reaped: 'backoff' },
    outcome: 'launch-failed',
    warnings: [`launch: ${BROKEN}`],
  },
  'throws where it should sweep': {
    does: () => ({ sweep: fails }),
    then: RUNS,
    outcome: 'stopped',
    warnings: [`sweep: ${BROKEN}`, `sweep: ${BROKEN}`],
  },
  'throws where it should tidy': {
    does: () => ({ tidy: fails }),
    then: RUNS,
    outcome: 'stopped',
    warnings: [`what the process driver left behind stays: ${BROKEN}`],
  },
  'throws where it should close': {
    does: () => ({ close: fails }),
    then: RUNS,
    outcome: 'stopped',
    warnings: [`process: not closed: ${BROKEN}`],
  },
  'never answers a launch': {
    does: () => ({ launch: never }),
    then: { spawning: 'launching' },
    outcome: 'stopped',
    warnings: [HANGS(1)],
  },
  'never answers a sweep': {
    does: () => ({ sweep: never }),
    then: RUNS,
    outcome: 'stopped',
    warnings: [HANGS(2)],
  },
  'never closes': {
    does: () => ({ close: never }),
    then: RUNS,
    outcome: 'stopped',
    warnings: [`process: not closed within ${CLOSES_WITHIN_MS} ms`],
  },
  'answers everything twice': {
    does: ({ driver, say }) => ({
      launch: async (call) => {
        await driver.launch(call);
        await driver.launch(call);
      },
      endRun: async (call) => {
        say(call, { type: 'run.exited', exit: EXIT });
        say(call, { type: 'run.exited', exit: { ...EXIT, code: 7, signal: null } });
        say(call, { type: 'run.lost', endedMs: 2 });
      },
      sweep: async (call) => {
        say(call, { type: 'run.swept', survivors: [] });
        say(call, { type: 'run.swept', survivors: [] });
      },
    }),
    then: RUNS,
    outcome: 'stopped',
  },
  'tells of an end before it tells of a launch': {
    does: ({ driver, say }) => ({
      launch: async (call) => {
        say(call, { type: 'run.exited', exit: EXIT });
        await driver.launch(call);
      },
    }),
    then: { reaped: 'settled' },
    outcome: 'crashed',
  },
  'speaks of runs that never were': {
    does: ({ driver, say }) => ({
      launch: async (call) => {
        await driver.launch(call);
        for (const generation of [0, -1, 2, 99]) say(call, { type: 'run.exited', exit: EXIT }, generation);
      },
    }),
    then: RUNS,
    outcome: 'stopped',
  },
  'speaks of units that never were': {
    does: ({ driver, say }) => ({
      launch: async (call) => {
        await driver.launch(call);
        say({ ...call, run: { ...call.run, unitId: 'nobody' } }, { type: 'run.exited', exit: EXIT });
      },
    }),
    then: RUNS,
    outcome: 'stopped',
  },
  'says what nobody understands': {
    does: ({ driver, say }) => ({
      launch: async (call) => {
        await driver.launch(call);
        say(call, { type: 'run.exploded' });
      },
    }),
    then: RUNS,
    outcome: 'stopped',
    warnings: ['its driver says "run.exploded", which nobody understands'],
  },
};

describe('a driver that', () => {
  test.each(Object.keys(MISCHIEF))('%s: its unit has one outcome, and no other is touched', async (name) => {
    const { does, then, outcome, warnings = [] } = MISCHIEF[name]!;
    const scene = await opened(driverWith(does));
    const { orchestrator, clock, lookAt } = scene;
    await lasting(orchestrator.up(), clock);
    await pass(clock, 100);
    expect([lookAt('ill').value, lookAt('well')]).toEqual([
      then,
      { value: RUNS, outcomes: ['runs'], quarantined: null },
    ]);
    await lasting(orchestrator.down(), clock);
    const closingMs = await lasting(orchestrator.close(), clock);
    expect({ ill: lookAt('ill'), well: lookAt('well'), warnings: scene.warnings }).toEqual({
      ill: { value: { reaped: 'settled' }, outcomes: [outcome], quarantined: null },
      well: { value: { reaped: 'settled' }, outcomes: ['stopped'], quarantined: null },
      warnings,
    });
    expect(closingMs).toBeLessThanOrEqual(ANSWERS_WITHIN_MS + 10);
  });

  test.each([
    ['throws', fails],
    ['never answers', never],
  ])('%s where it should end a run keeps nobody from closing for ever, and says who is left', async (_, endRun) => {
    const { orchestrator, clock, lookAt } = await opened(driverWith(() => ({ endRun })));
    await lasting(orchestrator.up(), clock);
    const stopping = stopAll(orchestrator);
    await expect(lasting(stopping, clock)).rejects.toMatchObject({
      code: 'StillRunning',
      message: 'Cannot stop ill (pid 1): killed again and again, and still there.',
    });
    await lasting(orchestrator.close(), clock);
    expect([lookAt('ill'), lookAt('well').outcomes]).toEqual([
      { value: { stopping: 'killing' }, outcomes: ['runs'], quarantined: null },
      ['stopped'],
    ]);
  });

  test('answers after the end is not heard', async () => {
    const late: (() => void)[] = [];
    const does = ({ driver, say }: Honest): Partial<Driver> => ({
      launch: async (call) => {
        await driver.launch(call);
        late.push(() => say(call, { type: 'run.exited', exit: EXIT }));
      },
    });
    const { orchestrator, clock, lookAt, warnings } = await opened(driverWith(does));
    await lasting(orchestrator.up(), clock);
    await pass(clock, 100);
    await lasting(orchestrator.close(), clock);
    for (const say of late) say();
    await nextTurn();
    expect([late.length, lookAt('ill').value, warnings]).toEqual([1, RUNS, []]);
  });
});
