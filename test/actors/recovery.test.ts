import { describe, expect, test } from 'vitest';
import { rearmed } from '../../src/actors/recovery.ts';
import { simulatedClock } from '../../src/adapters/simulation/clock.ts';
import { stateOf } from '../../src/machines/view.ts';
import { timerOf } from '../store/samples.ts';
import { live, recorded } from '../support/recorded.ts';
import { Simulation } from '../support/simulation.ts';
import { aJob, aServer } from '../support/specs.ts';

const UNITS = [
  aServer('db'),
  aServer('api', { after: { db: 'ready' } }),
  aServer('flaky', { ready: null, restart: { when: 'always', max: 1_000, backoff: { max: '1s' } } }),
  aServer('deaf', { ready: null, stop: { grace: '300ms' } }),
  aJob('build', { timeout: '2s', retry: { max: 3 } }),
];
const BEHAVIOURS = {
  db: { readyAfterMs: 150 },
  flaky: { diesAfterMs: 120, exit: { code: 3 } },
  deaf: { onTerminate: 'ignores' as const, strays: 1 },
  build: { diesAfterMs: 400, exit: { code: 1 } },
};
/** A long day: everything starts, dies, is restarted and stopped, again and again. */
const ASKS = [
  ['deaf', 'restart'],
  ['build', 'start'],
  ['api', 'restart'],
  ['db', 'stop'],
  ['deaf', 'stop'],
  ['db', 'start'],
  ['api', 'start'],
  ['deaf', 'start'],
] as const;

/** The waits a unit may have in each of its states. Any other timer is one that nobody cancelled. */
const WAITS: Record<string, readonly string[]> = {
  'spawning.launching': ['launch'],
  'spawning.revoking': ['launch'],
  'spawning.adopting': ['launch'],
  'waiting-health': ['start', 'run'],
  running: ['run', 'stable'],
  'running.healthy': ['stable'],
  'stopping.terminating': ['grace'],
  'stopping.killing': ['kill'],
  'stopping.abandoning': ['kill'],
  'stopping.sweeping': ['sweep'],
  'reaped.backoff': ['backoff'],
};

function expectNoForgottenTimer(sim: Simulation): void {
  for (const { id, snapshot } of sim.orchestrator.registry.units()) {
    const { state, substate } = stateOf(snapshot.value);
    const allowed = WAITS[substate === null ? state : `${state}.${substate}`] ?? [];
    const forgotten = sim.orchestrator.recorder.wheel.of(id).filter(({ timer }) => !allowed.includes(timer));
    expect({ id, value: snapshot.value, forgotten }).toEqual({ id, value: snapshot.value, forgotten: [] });
  }
}

describe('a SIGKILL of the orchestrator', () => {
  test('between any two ticks of a long day, recovery finds the same states and timers', async () => {
    const sim = await Simulation.open({ units: UNITS, behaviours: BEHAVIOURS });
    let prefixes = 0;
    sim.orchestrator.observe(({ seq }) => {
      // The last entry of a tick: what comes after it is the next one.
      if (seq !== sim.store.lastSeq()) return;
      prefixes++;
      sim.clock.defer(() => {
        expect(recorded(sim)).toEqual(live(sim));
        expectNoForgottenTimer(sim);
      });
    });
    await sim.up();
    for (let round = 0; sim.store.lastSeq() < 1_500; round++) {
      const [id, type] = ASKS[round % ASKS.length]!;
      sim.ask(id, type);
      await sim.advance(170);
    }
    expect(prefixes).toBeGreaterThan(1_000);
    expect(sim.world.violations).toEqual([]);
  });

  test('after every single tick, again and again: nothing is lost, doubled or left behind', async () => {
    const sim = await Simulation.open({ units: UNITS, behaviours: BEHAVIOURS });
    await sim.up();
    for (let round = 0; round < 150; round++) {
      const [id, type] = ASKS[round % ASKS.length]!;
      sim.ask(id, type);
      sim.clock.flush();
      const before = sim.values();
      const alive = sim.world.pidsAlive();
      sim.crash();
      sim.clock.advance(round % 40);
      await sim.open();
      const stillTrue = [...sim.orchestrator.registry.units()].filter(({ id: unit, snapshot }) => {
        return JSON.stringify(snapshot.value) === JSON.stringify(before[unit]);
      });
      expect(stillTrue.length).toBeGreaterThan(0);
      await sim.advance(170);
      expect(alive.length).toBeGreaterThan(0);
    }
    const down = sim.down();
    await sim.advance(10_000);
    expect({ down: down.answer, alive: sim.world.pidsAlive(), violations: sim.world.violations }).toEqual({
      down: 'done',
      alive: [],
      violations: [],
    });
    const openRuns = sim.store.openRuns().map(({ runId }) => runId);
    expect(openRuns).toEqual([]);
  });

  test('a job that ended while nobody looked is recorded with its own code and time', async () => {
    const sim = await Simulation.open({
      units: [aJob('build')],
      behaviours: { build: { diesAfterMs: 1_000, exit: { code: 7 } } },
    });
    sim.ask('build', 'start');
    await sim.settle();
    const startedMs = sim.clock.wallMs();
    sim.crash();
    sim.clock.advance(60_000);
    await sim.open();
    await sim.settle();
    expect(sim.store.runs('build')[0]?.outcome).toMatchObject({ kind: 'failed', code: 7, endedMs: startedMs + 1_000 });
  });

  test('a job that ended before its deadline is not timed out by an orchestrator that comes after both', async () => {
    const units = [aJob('build', { timeout: '1s' })];
    const sim = await Simulation.open({ units, behaviours: { build: { diesAfterMs: 500 } } });
    sim.ask('build', 'start');
    await sim.settle();
    sim.crash();
    sim.clock.advance(60_000);
    await sim.open();
    await sim.settle();
    expect(sim.store.runs('build')[0]?.outcome).toMatchObject({ kind: 'finished', code: 0 });
  });

  test.each([
    ['from its own start on', 0],
    ['whatever the wall clock said meanwhile', 86_400_000],
  ])('the timeout of a job that was launched while nobody looked counts %s', async (_when, jumpMs) => {
    const units = [aJob('build', { timeout: '10s' })];
    const sim = await Simulation.open({ units, behaviours: { build: { launch: { afterMs: 1_000 } } } });
    sim.ask('build', 'start');
    await sim.settle();
    sim.crash();
    sim.clock.advance(5_000);
    sim.clock.jumpWall(jumpMs);
    await sim.open();
    await sim.advance(4_900);
    const before = sim.value('build');
    await sim.advance(1_200);
    const kind = sim.store.runs('build')[0]?.outcome?.kind;
    expect([before, kind]).toEqual(['running', 'timed-out']);
  });

  test('while a run is swept: what is left of it is swept by the next one', async () => {
    const behaviours = { web: { strays: 1, strayTermDeaf: true } };
    const sim = await Simulation.open({ units: [aServer('web')], behaviours });
    sim.ask('web', 'start');
    await sim.settle();
    sim.ask('web', 'stop');
    await sim.settle();
    expect(sim.value('web')).toEqual({ stopping: { sweeping: 'terminating' } });
    sim.crash();
    await sim.open();
    await sim.advance(5_000);
    expect([sim.value('web'), sim.world.pidsAlive()]).toEqual([{ reaped: 'settled' }, []]);
  });

  test('a launch that nobody had begun is taken back, and made again under a new run', async () => {
    const sim = await Simulation.open({ units: [aServer('api')], behaviours: { api: [{ launch: 'hangs' }, {}] } });
    sim.ask('api', 'start');
    await sim.settle();
    sim.crash();
    await sim.open();
    await sim.settle();
    expect(sim.store.runs('api').map(({ outcome }) => outcome?.kind ?? 'open')).toEqual(['open', 'stopped']);
    expect(sim.value('api')).toEqual({ running: 'healthy' });
  });

  test('readiness gets its full window again, a backoff only what was left of it', async () => {
    const units = [aServer('slow'), aServer('flaky', { ready: null, restart: { backoff: { initial: '10s' } } })];
    const sim = await Simulation.open({
      units,
      behaviours: { slow: { readyAfterMs: null }, flaky: [{ diesAfterMs: 0, exit: { code: 1 } }, {}] },
    });
    await sim.up();
    await sim.advance(1);
    const backoffMs = sim.store.timers().find(({ timer }) => timer === 'backoff')?.lengthMs ?? 0;
    sim.crash();
    sim.clock.advance(5_000);
    await sim.open();
    await sim.settle();
    await sim.advance(backoffMs - 5_002);
    expect(sim.value('flaky')).toEqual({ reaped: 'backoff' });
    await sim.advance(2);
    expect(sim.value('flaky')).toEqual({ running: 'healthy' });
    await sim.advance(30_000 - backoffMs + 5_000 - 1);
    expect(sim.value('slow')).toBe('waiting-health');
    await sim.advance(1);
    expect(sim.value('slow')).not.toBe('waiting-health');
  });

  test('a state that is not the one its journal describes quarantines that unit and no other', async () => {
    const sim = await Simulation.open({ units: [aServer('a'), aServer('b')] });
    await sim.up();
    sim.crash();
    const [first] = sim.store.journal({ unitId: 'a' });
    const last = sim.store.lastSeq() + 1;
    const forged = { ...first!, seq: last, aseq: sim.store.lastAseq('a') + 1, patch: { desired: 'down' as const } };
    const nothing = { timersSet: [], timersCleared: [], outboxAdded: [], outboxDone: [], runsOrdered: [] };
    const units = { unitsAdded: [], unitsRemoved: [], snapshots: [], runsStarted: [], runsEnded: [] };
    sim.store.commit({ ...nothing, ...units, entries: [forged] });
    await sim.open();
    const quarantined = [...sim.orchestrator.registry.units()].map((actor) => [actor.id, actor.quarantined]);
    expect(quarantined).toEqual([
      ['a', `its state is not the one that entry ${last} of its journal describes`],
      ['b', null],
    ]);
    expect(sim.world.pidsAlive().length).toBe(2);
  });
});

describe('an older journal', () => {
  test('needs no old code: a state of another version is taken as it is recorded', async () => {
    const sim = await Simulation.open({ units: [aServer('a')] });
    await sim.up();
    sim.crash();
    const [newest] = [...sim.store.journal({ unitId: 'a' })].reverse();
    const entry = {
      ...newest!,
      seq: sim.store.lastSeq() + 1,
      aseq: newest!.aseq + 1,
      patch: {},
      commands: [],
      version: 0,
      definition: 'a definition that is gone',
      stateHash: 'made by other code',
    };
    const nothing = { timersSet: [], timersCleared: [], outboxAdded: [], outboxDone: [], runsOrdered: [] };
    const units = { unitsAdded: [], unitsRemoved: [], snapshots: [], runsStarted: [], runsEnded: [] };
    sim.store.commit({ ...nothing, ...units, entries: [entry] });
    await sim.open();
    await sim.settle();
    expect([sim.orchestrator.registry.get('a')?.quarantined, sim.value('a')]).toEqual([null, { running: 'healthy' }]);
    expect(sim.world.launches.length).toBe(1);
  });
});

describe('after a reboot', () => {
  const row = timerOf('a', 1);
  test.each([
    ['what is left of a wait by the wall clock is waited for', -2_000, 2_000],
    ['a wait that was over meanwhile is over', 60_000, 0],
    ['a wall clock that went back makes no wait longer than it ever was', -3_600_000, row.lengthMs],
  ])('%s', (_, sinceDueMs, leftMs) => {
    const clock = simulatedClock({ wallMs: row.dueWallMs + sinceDueMs, bootId: 'boot-2' });
    expect(rearmed(row, clock)).toEqual({ ...row, bootId: 'boot-2', dueMonoMs: clock.monoMs() + leftMs });
  });
});
