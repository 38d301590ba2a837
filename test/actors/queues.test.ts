import { describe, expect, test } from 'vitest';
import type { UnitSpec } from '../../src/machines/spec.ts';
import { stateOf } from '../../src/machines/view.ts';
import { live, recorded } from '../support/recorded.ts';
import { Simulation } from '../support/simulation.ts';
import { aJob, aServer } from '../support/specs.ts';

const TWO = { builds: { concurrency: 2 } };
const builds = (count: number, more: object = {}): readonly UnitSpec[] =>
  Array.from({ length: count }, (_, index) => aJob(`j${index}`, { queue: 'builds', ...more }));
const lasting = (units: readonly UnitSpec[], ms: number) =>
  Object.fromEntries(units.map(({ id }) => [id, { diesAfterMs: ms }]));
const launched = (sim: Simulation): string => sim.world.launches.map(({ unitId }) => unitId).join(' ');
const substates = (sim: Simulation) =>
  Object.fromEntries(
    [...sim.orchestrator.registry.units()].map(({ id, snapshot }) => [id, stateOf(snapshot.value).substate]),
  );

async function opened(units: readonly UnitSpec[], behaviours = lasting(units, 1_000), queues: object = TWO) {
  const sim = await Simulation.open({ behaviours });
  sim.orchestrator.add(units, {}, queues as typeof TWO);
  return sim;
}

describe('a queue', () => {
  test('runs as many jobs at once as it says, and each as soon as there is room', async () => {
    const units = builds(5);
    const sim = await opened(units);
    await sim.up();
    const seen = [launched(sim)];
    for (let second = 0; second < 3; second++) {
      await sim.advance(1_000);
      seen.push(launched(sim));
    }
    expect(seen).toEqual(['j0 j1', 'j0 j1 j2 j3', 'j0 j1 j2 j3 j4', 'j0 j1 j2 j3 j4']);
    expect(units.map(({ id }) => sim.store.runs(id)[0]?.outcome?.kind)).toEqual(Array(5).fill('finished'));
  });

  test('of which nothing is said runs one job at a time', async () => {
    const sim = await opened(builds(3), lasting(builds(3), 1_000), {});
    await sim.up();
    expect(launched(sim)).toBe('j0');
  });

  test('goes by priority first, and then by who asked first', async () => {
    const units = [
      ...builds(2),
      ...['late', 'early', 'urgent'].map((id) => aJob(id, { queue: 'builds', priority: id === 'urgent' ? 5 : 0 })),
    ];
    const sim = await opened(units, lasting(units, 1_000), {});
    sim.ask('j0', 'start');
    await sim.settle();
    for (const id of ['early', 'late', 'j1', 'urgent']) sim.ask(id, 'start');
    // Asking again changes no place.
    sim.ask('early', 'start');
    await sim.advance(6_000);
    expect(launched(sim)).toBe('j0 urgent early late j1');
  });

  test('lets nobody in whom a later request of more weight came before, in whatever order they arrive', async () => {
    const units = [
      aServer('db'),
      ...builds(3, { after: { db: 'ready' } }),
      aJob('top', { queue: 'builds', priority: 1 }),
    ];
    const sim = await opened(units, { db: { readyAfterMs: 500 }, ...lasting(units.slice(1), 1_000) } as never, {});
    await sim.up();
    expect(launched(sim)).toBe('db top');
    await sim.advance(5_000);
    expect(launched(sim)).toBe('db top j0 j1 j2');
  });

  test('has room again while a job waits to be tried once more', async () => {
    const [first, second] = builds(2, { retry: { max: 1, backoff: { initial: 5_000, max: 5_000 } } });
    const behaviours = { j0: { diesAfterMs: 100, exit: { code: 1 } }, j1: { diesAfterMs: 100 } };
    const sim = await opened([first!, second!], behaviours as never, {});
    await sim.up();
    await sim.advance(1_000);
    expect([launched(sim), substates(sim)]).toEqual(['j0 j1', { j0: 'backoff', j1: 'settled' }]);
    await sim.advance(6_000);
    expect(launched(sim)).toBe('j0 j1 j0');
  });

  test('takes no job whose dependencies are not met any more when its turn comes', async () => {
    const units = [aServer('db', { ready: null }), ...builds(2, { after: { db: 'ready' } })];
    const sim = await opened(units, { j0: { diesAfterMs: 1_000 }, j1: { diesAfterMs: 1_000 } } as never, {});
    await sim.up();
    sim.ask('db', 'stop');
    await sim.advance(3_000);
    expect([launched(sim), substates(sim)]).toEqual(['db j0', { db: 'settled', j0: 'settled', j1: 'waiting' }]);
    sim.ask('db', 'start');
    await sim.advance(3_000);
    expect(launched(sim)).toBe('db j0 db j1');
  });

  test('lets go of who is stopped while it waits, which never runs', async () => {
    const sim = await opened(builds(3), lasting(builds(3), 1_000), {});
    await sim.up();
    const stopped = sim.ask('j1', 'stop');
    await sim.advance(5_000);
    expect([launched(sim), stopped.answer]).toEqual(['j0 j2', 'done']);
  });

  test('that is given more room uses it at once', async () => {
    const sim = await opened(builds(4), lasting(builds(4), 10_000), {});
    await sim.up();
    sim.orchestrator.add([], undefined, { builds: { concurrency: 3 } });
    await sim.settle();
    expect(launched(sim)).toBe('j0 j1 j2');
  });

  test('that is given more room just before a crash has it after', async () => {
    const sim = await opened(builds(4), lasting(builds(4), 10_000), {});
    await sim.up();
    sim.orchestrator.add([], undefined, { builds: { concurrency: 3 } });
    sim.crash();
    await sim.open();
    await sim.settle();
    expect(launched(sim)).toBe('j0 j1 j2');
  });

  test('keeps no room for a job whose start could not be written', async () => {
    const sim = await opened(builds(2), lasting(builds(2), 1_000), {});
    sim.disk.isFull = true;
    const refused = sim.ask('j0', 'start');
    await sim.settle();
    sim.disk.heal();
    await sim.advance(10_000);
    const started = sim.ask('j1', 'start');
    await sim.advance(3_000);
    expect([launched(sim), refused.answer, started.answer]).toEqual(['j1', 'StoreUnwritable', 'done']);
  });

  test('is not held up by a job whose machine broke', async () => {
    const sim = await opened(builds(3), lasting(builds(3), 1_000), {});
    await sim.up();
    const broken = sim.orchestrator.registry.get('j1')!;
    const step = (): never => {
      throw new Error('a bug in a machine');
    };
    Object.assign(broken, { stepper: { ...broken.stepper, step } });
    await sim.advance(3_000);
    expect([launched(sim), broken.quarantined !== null]).toEqual(['j0 j2', true]);
  });

  test('keeps its order and its room over a crash, and runs nothing twice', async () => {
    const units = builds(6);
    const sim = await opened(units, lasting(units, 1_000));
    for (const { id } of [...units].reverse()) sim.ask(id, 'start');
    await sim.settle();
    const seen = [launched(sim)];
    for (let crash = 0; crash < 4; crash++) {
      sim.crash();
      await sim.open();
      await sim.settle();
      expect(recorded(sim)).toEqual(live(sim));
      seen.push(launched(sim));
      await sim.advance(600);
    }
    await sim.advance(5_000);
    expect(seen).toEqual(['j5 j4', 'j5 j4', 'j5 j4', 'j5 j4 j3 j2', 'j5 j4 j3 j2']);
    expect(launched(sim)).toBe('j5 j4 j3 j2 j1 j0');
  });

  test('of 1,000 jobs asks for each about as often as one of 100', { timeout: 60_000 }, async () => {
    const costs: number[] = [];
    for (const count of [100, 1_000]) {
      const units = builds(count);
      const sim = await opened(units, lasting(units, 0));
      const { registry } = sim.orchestrator;
      const changeOf = registry.changeOf.bind(registry);
      let looks = 0;
      registry.changeOf = (actor, snapshotOf, ...rest) => {
        const counted: typeof snapshotOf = (one) => {
          looks++;
          return snapshotOf(one);
        };
        return changeOf(actor, counted, ...rest);
      };
      await sim.up();
      await sim.advance(1);
      costs.push(looks / count);
      expect(units.filter(({ id }) => sim.store.runs(id)[0]?.outcome?.kind === 'finished').length).toBe(count);
    }
    expect(costs[1]! / costs[0]!).toBeLessThan(1.2);
  });
});

describe('a delay', () => {
  test('counts from the request, over our own death, and before the place in the queue', async () => {
    const [first, second] = [aJob('slow', { queue: 'builds', delay: '10s' }), aJob('quick', { queue: 'builds' })];
    const sim = await opened([first, second], lasting([first, second], 1_000));
    await sim.up();
    await sim.advance(6_000);
    sim.crash();
    await sim.open();
    await sim.advance(3_900);
    expect([launched(sim), substates(sim)]).toEqual(['quick', { slow: 'delayed', quick: 'settled' }]);
    await sim.advance(200);
    expect(launched(sim)).toBe('quick slow');
  });

  test('is not waited for again before a retry', async () => {
    const unit = aJob('slow', { delay: '1m', retry: { max: 1 } });
    const sim = await opened([unit], { slow: { diesAfterMs: 0, exit: { code: 1 } } } as never);
    await sim.up();
    await sim.advance(65_000);
    expect(launched(sim)).toBe('slow slow');
  });
});
