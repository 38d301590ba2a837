import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { UnitContext } from '../../src/machines/context.ts';
import type { GroupStrategy } from '../../src/machines/spec.ts';
import { type Otp, otp } from '../support/otp.ts';
import { Simulation } from '../support/simulation.ts';
import { aServer } from '../support/specs.ts';

const STRATEGIES: readonly GroupStrategy[] = ['one-for-one', 'rest-for-one', 'one-for-all'];
const WITHIN_MS = 60_000;
/** Long enough for every restart to be over: backoffs are below a second. */
const CALM_MS = 2_000;
const SPECS = [
  { id: 'a', max: 3 },
  { id: 'b', max: 1 },
  { id: 'c', max: 2 },
  { id: 'd', max: 0 },
] as const;
const IDS = SPECS.map(({ id }) => id);

const UNITS = SPECS.map(({ id, max }) =>
  aServer(id, {
    ready: null,
    group: 'g',
    restart: { when: 'failure', max, within: WITHIN_MS, backoff: { initial: 200, max: 200 } },
  }),
);

type Deed =
  | { readonly do: 'die'; readonly ids: readonly string[]; readonly unseen: boolean }
  | { readonly do: 'start' | 'stop'; readonly id: string }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'crash' };

const id = fc.constantFrom(...IDS);
const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('die' as const),
      ids: fc.subarray([...IDS], { minLength: 1, maxLength: 2 }),
      unseen: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('start' as const, 'stop' as const), id }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(20_000, 61_000) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'crash' as const }) },
);

async function live(sim: Simulation, model: Otp, one: Deed): Promise<void> {
  if (one.do === 'start' || one.do === 'stop') {
    sim.ask(one.id, one.do);
    model[one.do](one.id);
  } else if (one.do === 'crash') {
    sim.crash();
    await sim.open();
  } else if (one.do === 'die') {
    const alive = one.ids.filter((dies) => model.now()[dies]?.isUp);
    if (one.unseen) sim.crash();
    model.die(one.ids, sim.clock.monoMs());
    for (const dies of alive) sim.world.kill(dies, 'SIGSEGV');
    if (one.unseen) await sim.open();
  }
  await sim.advance(one.do === 'wait' ? one.ms : CALM_MS);
}

/** As the model says it: who is up, and how each run has ended. */
const lived = (sim: Simulation) =>
  Object.fromEntries(
    IDS.map((one) => {
      const ends = sim.store.runs(one).flatMap(({ outcome }) => {
        if (outcome === null) return [];
        return outcome.by === null ? outcome.kind : `${outcome.kind} by ${outcome.by}`;
      });
      return [one, { isUp: JSON.stringify(sim.value(one)) === '{"running":"healthy"}', ends: ends.reverse() }];
    }),
  );

describe.each(STRATEGIES)('%s', (strategy) => {
  test('after every generated sequence the same are up, and each run has ended as OTP would have it', async () => {
    const sequence = fc.array(deed, { minLength: 3, maxLength: 9 });
    await fc.assert(
      fc.asyncProperty(sequence, async (deeds) => {
        const sim = new Simulation();
        try {
          await sim.open();
          sim.orchestrator.add(UNITS, { g: { strategy } });
          const model = otp(strategy, SPECS, WITHIN_MS);
          await sim.up();
          for (const one of IDS) model.start(one);
          await sim.advance(CALM_MS);
          for (const one of deeds) {
            await live(sim, model, one);
            expect(lived(sim)).toEqual(model.now());
          }
        } finally {
          await sim.close();
        }
      }),
      { numRuns: 40, seed: 1 },
    );
  });
});

describe('a budget', () => {
  const flappy = (restart: object) => aServer('a', { ready: null, restart });
  const wants = (sim: Simulation): boolean => JSON.stringify(sim.value('a')) !== '{"reaped":"settled"}';

  test.each([
    [{ code: 75 }, true],
    [{ code: 76 }, true],
    [{ code: 1 }, false],
    [{ code: 0 }, false],
    [{ signal: 'SIGKILL' as const }, false],
  ])('of exit codes: an end by %j is followed by another run: %j', async (exit, expected) => {
    const units = [flappy({ when: [75, 76] })];
    const sim = await Simulation.open({ units, behaviours: { a: [{ diesAfterMs: 100, exit }, {}] } });
    await sim.up();
    await sim.advance(5_000);
    expect([wants(sim), sim.world.launches.length]).toEqual([expected, expected ? 2 : 1]);
  });

  test('pays for no launch that the machine had no room for, and for every death', async () => {
    const full = {
      launch: { fails: { code: 'LaunchRefused', message: 'no room', hint: '' }, resource: true },
    } as const;
    const units = [flappy({ when: 'always', max: 1, backoff: { initial: 100, max: 100 } })];
    const sim = await Simulation.open({ units, behaviours: { a: [full, full, full, {}, full, {}] } });
    await sim.up();
    await sim.advance(2_000);
    const first = [wants(sim), contextOf(sim).history.restartsMonoMs.length];
    sim.world.kill('a', 'SIGKILL');
    await sim.advance(2_000);
    const second = [wants(sim), contextOf(sim).history.restartsMonoMs.length];
    sim.world.kill('a', 'SIGKILL');
    await sim.advance(2_000);
    expect([first, second, wants(sim), contextOf(sim).why]).toEqual([
      [true, 0],
      [true, 1],
      false,
      expect.stringMatching(/^gave up: .*\(last: crashed\)/),
    ]);
  });

  test('and the backoff go on where they were when we are killed, and a stable time counts over that', async () => {
    const units = [flappy({ when: 'always', max: 9, backoff: { initial: 1_000, factor: 10, max: 100_000 } })];
    const sim = await Simulation.open({ units });
    await sim.up();
    const backoffs: number[] = [];
    for (const stableMs of [0, 0, 4_000, 6_000, 0]) {
      for (const restMs of [stableMs, 2_500]) {
        await sim.advance(restMs);
        sim.crash();
        await sim.open();
      }
      if (stableMs === 4_000) continue;
      sim.world.kill('a', 'SIGKILL');
      await sim.settle();
      const timer = sim.store.timers().find(({ timer: name }) => name === 'backoff');
      backoffs.push(Math.round(Math.log10(timer?.lengthMs ?? 0)));
      await sim.advance(timer?.lengthMs ?? 0);
    }
    // Two short lives, one that was long enough though we died in the middle of it, and one that is short again. The
    // budget knows of all of them.
    expect([backoffs, contextOf(sim).history.restartsMonoMs.length]).toEqual([[3, 4, 3, 4], 4]);
  });
});

const contextOf = (sim: Simulation): UnitContext => sim.orchestrator.registry.get('a')?.snapshot.context as UnitContext;

describe('members that wait for each other', () => {
  const chain = ['a', 'b', 'c', 'd'].map((one, index, all) =>
    aServer(one, { ready: null, group: 'g', after: index === 0 ? {} : { [all[index - 1]!]: 'running' } }),
  );

  test.each([
    ['one-for-one', ['b']],
    ['rest-for-one', ['b', 'c', 'd']],
    ['one-for-all', ['a', 'b', 'c', 'd']],
  ] as const)('%s: come back in the order of starts: %j', async (strategy, order) => {
    const sim = await Simulation.open({ units: chain, groups: { g: { strategy } } });
    await sim.up();
    await sim.advance(1_000);
    const before = sim.world.launches.length;
    sim.world.kill('b', 'SIGKILL');
    await sim.advance(2_000);
    expect(sim.world.launches.slice(before).map(({ unitId }) => unitId)).toEqual(order);
  });

  test.each([
    ['rest-for-one', ['d', 'c']],
    ['one-for-all', ['d', 'c', 'a']],
  ] as const)('%s: are stopped against it, each when nobody needs it any more: %j', async (strategy, order) => {
    const slow = { onTerminate: { afterMs: 500 } } as const;
    const sim = await Simulation.open({
      units: chain,
      groups: { g: { strategy } },
      behaviours: { a: slow, c: slow, d: slow },
    });
    await sim.up();
    await sim.advance(1_000);
    sim.world.kill('b', 'SIGKILL');
    await sim.settle();
    const told: string[][] = [];
    for (const _ of order) {
      told.push(chain.flatMap(({ id: one }) => (JSON.stringify(sim.value(one)).includes('terminating') ? one : [])));
      await sim.advance(500);
    }
    expect(told).toEqual(order.map((one) => [one]));
  });

  test('come back in that order, once each, wherever in the middle of it we are killed', async () => {
    const ends = new Map<string, number>();
    for (let effects = 0, isOver = false; !isOver; effects++) {
      const sim = await Simulation.open({
        units: chain,
        groups: { g: { strategy: 'one-for-all' } },
        behaviours: { c: { onTerminate: { afterMs: 300 } } },
      });
      await sim.up();
      await sim.advance(1_000);
      const before = sim.world.launches.length;
      sim.crashAfter(effects, { downMs: 100 });
      sim.world.kill('b', 'SIGKILL');
      await sim.advance(5_000);
      isOver = sim.lives === 1;
      const launched = sim.world.launches.slice(before).map(({ unitId }) => unitId);
      const end = JSON.stringify([launched, sim.world.pidsAlive().length, Object.values(sim.values())]);
      ends.set(end, (ends.get(end) ?? 0) + 1);
      sim.crash();
      await sim.close();
    }
    const well = chain.map(() => ({ running: 'healthy' }));
    expect([...ends.keys()]).toEqual([JSON.stringify([['a', 'b', 'c', 'd'], 4, well])]);
    expect([...ends.values()][0]).toBeGreaterThan(15);
  });
});
