import { describe, expect, test } from 'vitest';
import { emptyTick } from '../../src/actors/arrivals.ts';
import { DEADLINES } from '../../src/actors/waits.ts';
import { graphOf } from '../../src/machines/definition.ts';
import { machines } from '../../src/machines/machines.ts';
import { Simulation } from '../support/simulation.ts';
import { aJob, aServer, aWatcher } from '../support/specs.ts';

const HEALTHY = { dryRun: false, scanned: 1, actions: [] };
const actorOf = (sim: Simulation, id: string) => sim.orchestrator.registry.get(id)!;

/** Heals now, and lets the time pass that it takes. */
async function healed(sim: Simulation, options: { readonly dryRun?: boolean } = {}) {
  const report = sim.orchestrator.healer.heal(options);
  await sim.advance(1_500);
  return report;
}

describe('a healthy world', () => {
  test('is looked at every 30 s for an hour, and gets no entry', async () => {
    const units = [aServer('a'), aJob('b', { timeout: '2h' }), aWatcher('w', { restart: ['a'] }), aJob('idle')];
    const sim = await Simulation.open({ units });
    sim.ask('a', 'start');
    sim.ask('b', 'start');
    sim.ask('w', 'start');
    await sim.advance(20_000);
    const entries = sim.entries.length;
    await sim.advance(3_600_000);
    expect([await healed(sim), sim.entries.length - entries]).toEqual([{ dryRun: false, scanned: 4, actions: [] }, 0]);
  });

  test('every state that starts a timer when it is entered is known to need it', () => {
    const unknown = Object.values(machines).flatMap((machine) =>
      graphOf(machine).states.flatMap(({ id, entry }) =>
        entry.flatMap(({ type }) => {
          const starts = /^start(\w+)Timer$|^sweepAndWait$/.exec(type);
          // That a run is stable ends no wait.
          if (!starts || type === 'startStableTimer') return [];
          return id.split('.').some((key) => key in DEADLINES) ? [] : [`${machine.id} ${id}: ${type}`];
        }),
      ),
    );
    expect(unknown).toEqual([]);
  });

  test('nothing is found in the middle of whatever units do', async () => {
    const behaviours = {
      a: { onTerminate: 'ignores', strays: 1, strayTermDeaf: true },
      c: { diesAfterMs: 700 },
    } as const;
    const units = [aServer('a'), aServer('b', { after: { a: 'ready' } }), aServer('c', { restart: 'always' })];
    const sim = await Simulation.open({ units, behaviours });
    await sim.up();
    const found: unknown[] = [];
    for (let round = 0; round < 40; round++) {
      if (round === 15) sim.ask('a', 'restart');
      if (round === 30) sim.down();
      const report = sim.orchestrator.healer.heal();
      await sim.advance(1_037);
      found.push(...(await report).actions);
    }
    expect(found).toEqual([]);
  });
});

test('what is the same at a second look is acted on, and nothing else', async () => {
  const behaviours = { a: { readyAfterMs: null }, b: { readyAfterMs: null }, c: { readyAfterMs: null } };
  const sim = await Simulation.open({ units: [aServer('a'), aServer('b'), aServer('c')], behaviours });
  await sim.up();
  const { wheel } = sim.orchestrator.recorder;
  const passing = wheel.armed('a', 'start')!;
  for (const id of ['a', 'b']) wheel.disarm(id, 'start');
  const report = sim.orchestrator.healer.heal();
  await sim.advance(500);
  wheel.arm(passing);
  wheel.disarm('c', 'start');
  await sim.advance(1_000);
  expect((await report).actions.map(({ unit, did }) => [unit, did])).toEqual([['b', 're-armed']]);
});

describe('what is recorded otherwise than it is', () => {
  test('a run that ended while nobody observed it gets its end, at its own time', async () => {
    const sim = await Simulation.open({ units: [aServer('a', { restart: 'never' })] });
    await sim.up();
    sim.crash();
    sim.faults.plan({ call: 'attach', how: 'never-answers' });
    await sim.open();
    await sim.advance(1_000);
    sim.world.kill('a', 'SIGKILL');
    const endedMs = sim.clock.wallMs();
    await sim.advance(5_000);
    const dry = await healed(sim, { dryRun: true });
    const before = sim.value('a');
    const real = await healed(sim);
    const { outcome } = actorOf(sim, 'a').snapshot.context;
    const found = `its run ended by SIGKILL at ${new Date(endedMs).toISOString()}`;
    expect([dry, before, real, outcome.kind, outcome.endedMs, await healed(sim)]).toEqual([
      { dryRun: true, scanned: 1, actions: [{ unit: 'a', found, did: 'would be recorded' }] },
      { running: 'healthy' },
      { dryRun: false, scanned: 1, actions: [{ unit: 'a', found, did: 'recorded' }] },
      'crashed',
      endedMs,
      HEALTHY,
    ]);
  });

  test('a wait whose timer is gone from the store gets what was left of it when the store is opened', async () => {
    const units = [aServer('a', { restart: { when: 'always', backoff: { initial: '10m', max: '10m' } } })];
    const sim = await Simulation.open({ units, behaviours: { a: [{ diesAfterMs: 100 }, {}] } });
    await sim.up();
    await sim.advance(1_000);
    const [timer] = sim.store.timers();
    sim.crash();
    sim.store.commit({ ...emptyTick(), timersCleared: [timer!] });
    await sim.open();
    const again = sim.store.timers()[0];
    expect([sim.value('a'), again?.timer, (again?.dueMonoMs ?? 0) - (timer?.dueMonoMs ?? 0)]).toEqual([
      { reaped: 'backoff' },
      'backoff',
      0,
    ]);
  });

  test('a wait that has lost its timer gets it again, and ends', async () => {
    const units = [aServer('a', { restart: 'never' })];
    const sim = await Simulation.open({ units, behaviours: { a: { readyAfterMs: null } } });
    await sim.up();
    const { wheel } = sim.orchestrator.recorder;
    wheel.disarm('a', 'start');
    const report = await healed(sim);
    await sim.advance(31_000);
    expect([report.actions, actorOf(sim, 'a').snapshot.context.outcome?.kind]).toEqual([
      [{ unit: 'a', found: 'it waits for the timer "start", which is not armed', did: 're-armed' }],
      'start-timeout',
    ]);
  });

  test('what a run that is over left behind is ended, and what cannot be ended is left to people', async () => {
    const behaviours = { a: { strays: 1, strayKillDeaf: true } };
    const sim = await Simulation.open({ units: [aServer('a')], behaviours });
    await sim.up();
    sim.ask('a', 'stop');
    await sim.advance(200_000);
    const { actions } = await healed(sim);
    const told = sim.logged.filter((line) => line.includes('outlived'));
    expect([actions[0]?.did, told.length]).toEqual(['left as it is: 3 times it did not help', 3]);
  });

  test('what many runs left behind is ended by one look at it all', async () => {
    const deaf = { strays: 1, strayKillDeaf: true } as const;
    const sim = await Simulation.open({ units: [aServer('a'), aServer('b')], behaviours: { a: deaf, b: deaf } });
    await sim.up();
    for (const id of ['a', 'b']) sim.ask(id, 'stop');
    await sim.advance(20_000);
    const ended: string[] = [];
    const { world } = sim;
    const clear = world.clear.bind(world);
    world.clear = (runId) => {
      ended.push(runId);
      clear(runId);
    };
    expect((await healed(sim)).actions.map(({ did }) => did)).toEqual(['ended', 'ended']);
    expect(ended.length).toBe(2);
  });
});

describe('who waits for what will not come', () => {
  test('for a timer that is armed, long over, and was never told of, is told', async () => {
    const sim = await Simulation.open({ units: [aServer('a', { restart: 'never' })], behaviours: NEVER_READY });
    await sim.up();
    const { wheel } = sim.orchestrator.recorder;
    // What is armed for no time is in no order of times; that this one has come is seen by nobody.
    wheel.arm({ ...wheel.armed('a', 'start')!, dueMonoMs: Number.POSITIVE_INFINITY });
    Object.assign(wheel.armed('a', 'start')!, { dueMonoMs: sim.clock.monoMs() - 1 });
    const early = await healed(sim);
    await sim.advance(5_000);
    const report = await healed(sim);
    await sim.advance(6_000);
    expect([early.actions, report.actions, actorOf(sim, 'a').snapshot.context.outcome?.kind]).toEqual([
      [],
      [{ unit: 'a', found: 'its timer "start" is overdue', did: 're-armed' }],
      'start-timeout',
    ]);
  });

  test('for another unit that is there already is told so', async () => {
    const units = [aServer('db'), aServer('api', { after: { db: 'ready' } })];
    const sim = await Simulation.open({ units, behaviours: { db: { readyAfterMs: 1_000 } } });
    await sim.up();
    // Whatever it is told meanwhile does not reach it.
    actorOf(sim, 'api').quarantined = 'for a test';
    await sim.advance(2_000);
    actorOf(sim, 'api').quarantined = null;
    await sim.advance(1_000);
    const before = sim.value('api');
    const [dry, wet] = [await healed(sim, { dryRun: true }), await healed(sim)];
    const found = 'it is waiting, and nothing is in its way';
    expect([before, dry.actions, wet.actions, sim.value('api')]).toEqual([
      { spawning: 'waiting' },
      [{ unit: 'api', found, did: 'would be told' }],
      [{ unit: 'api', found, did: 'told' }],
      { running: 'healthy' },
    ]);
  });

  test('for room in its queue that there is, is given it', async () => {
    const sim = await Simulation.open({ units: ['one', 'two'].map((id) => aJob(id, { queue: 'q' })) });
    sim.ask('one', 'start');
    sim.ask('two', 'start');
    await sim.advance(1_000);
    actorOf(sim, 'two').quarantined = 'for a test';
    sim.world.kill('one', 'SIGKILL');
    await sim.advance(1_000);
    actorOf(sim, 'two').quarantined = null;
    const { queues } = sim.orchestrator.registry;
    queues.followAgain(sim.orchestrator.registry.units());
    const report = await healed(sim);
    expect([report.actions, sim.value('two')]).toEqual([
      [{ unit: 'two', found: 'it is queued, and nothing is in its way', did: 'told' }],
      'running',
    ]);
  });
});

const NEVER_READY = { a: { readyAfterMs: null } } as const;

describe('a quarantined unit', () => {
  test('is begun again by itself: its process is the same, and it is looked after', async () => {
    const sim = await Simulation.open({ units: [aServer('a')] });
    await sim.up();
    const [pid] = sim.world.pidsAlive();
    actorOf(sim, 'a').quarantined = 'for a test';
    await sim.advance(35_000);
    sim.world.kill('a', 'SIGKILL');
    await sim.advance(5_000);
    expect([sim.value('a'), actorOf(sim, 'a').quarantined, sim.world.pidsAlive().includes(pid!)]).toEqual([
      { running: 'healthy' },
      null,
      false,
    ]);
  });

  test('that fails again and again is begun again three times, and a person can still end it', async () => {
    const sim = await Simulation.open({ units: [aServer('a')] });
    await sim.up();
    for (let time = 0; time < 5; time++) {
      actorOf(sim, 'a').quarantined = 'for a test';
      await sim.advance(60_000);
    }
    const told = sim.logged.filter((line) => line.includes('healed'));
    const stop = sim.ask('a', 'stop');
    await sim.advance(10_000);
    expect([told.length, stop.answer, sim.world.pidsAlive()]).toEqual([3, 'done', []]);
  });

  test('that was being stopped is stopped, not started', async () => {
    const sim = await Simulation.open({
      units: [aServer('a')],
      behaviours: { a: { onTerminate: { afterMs: 60_000 } } },
    });
    await sim.up();
    sim.ask('a', 'stop');
    await sim.settle();
    actorOf(sim, 'a').quarantined = 'for a test';
    await sim.advance(60_000);
    expect(sim.value('a')).toEqual({ reaped: 'settled' });
  });
});
