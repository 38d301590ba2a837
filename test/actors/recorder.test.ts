import { describe, expect, test } from 'vitest';
import type { Store, Tick } from '../../src/store/rows.ts';
import { fillable } from '../support/fillable.ts';
import { Simulation } from '../support/simulation.ts';
import { aServer } from '../support/specs.ts';

describe('a tick that can never be committed', () => {
  test('costs the unit that made it its trust, and no other unit anything', async () => {
    const bug = (tick: Tick): boolean =>
      tick.entries.some(({ unitId, event }) => unitId === 'a' && event.type === 'run.launched');
    const wrap = (store: Store): Store => ({
      ...store,
      commit(tick) {
        if (bug(tick)) throw new TypeError('a bug in the store');
        store.commit(tick);
      },
    });
    const sim = await Simulation.open({ units: [aServer('a'), aServer('b')], wrap });
    await sim.up();
    await sim.advance(1_000);
    expect([sim.value('a'), sim.orchestrator.registry.get('a')?.quarantined, sim.value('b')]).toEqual([
      { spawning: 'launching' },
      'a bug in the store',
      { running: 'healthy' },
    ]);
  });
});

describe('a batch of events', () => {
  test('keeps its order without the one that can never be written, also if the disk is full meanwhile', async () => {
    const { disk, wrap: fill } = fillable();
    const by = (tick: Tick, who: string): boolean =>
      tick.entries.some(({ event }) => 'by' in event && event.by === who);
    const wrap = (store: Store): Store => {
      const real = fill(store);
      const commit = (tick: Tick): void => {
        if (by(tick, 'a bug')) throw new TypeError('a bug in the store');
        real.commit(tick);
        if (by(tick, '1')) disk.isFull = true;
      };
      return { ...real, commit };
    };
    const sim = await Simulation.open({ units: [aServer('a'), aServer('bad')], wrap });
    const ask = (id: string, who: string): void =>
      sim.orchestrator.recorder.accept(id, { type: 'stop.requested', requestId: null, by: who });
    ask('a', '1');
    ask('bad', 'a bug');
    for (const who of ['2', '3', '4']) ask('a', who);
    await sim.settle();
    disk.isFull = false;
    await sim.advance(1_000);
    const asked = [...sim.store.journal({ unitId: 'a' })].map(({ event }) => 'by' in event && event.by);
    expect(asked).toEqual([false, '1', '2', '3', '4']);
  });
});

describe('a tick', () => {
  test('of 100 events is one transaction', async () => {
    const { ticks, wrap } = fillable();
    const units = Array.from({ length: 100 }, (_, index) => aServer(`u${index}`));
    const sim = await Simulation.open({ units, wrap });
    ticks.length = 0;
    for (const { id } of units) sim.ask(id, 'start');
    sim.clock.flush();
    expect(ticks[0]?.entries.length).toBe(100);
  });

  test('that cannot be committed has done nothing', async () => {
    const { disk, wrap } = fillable();
    const sim = await Simulation.open({ units: [aServer('a')], wrap });
    disk.isFull = true;
    const refused = sim.ask('a', 'start');
    await sim.settle();
    expect([refused.answer, disk.refusals > 0, sim.world.launches]).toEqual(['StoreUnwritable', true, []]);
    disk.isFull = false;
    await sim.advance(2_000);
    sim.ask('a', 'start');
    await sim.settle();
    expect(sim.world.launches).toMatchObject([{ unitId: 'a' }]);
  });

  test('is seen by nobody before it is committed', async () => {
    const sim = await Simulation.open({ units: [aServer('a')] });
    const seen: [unknown, unknown][] = [];
    sim.orchestrator.registry.get('a')?.ref.subscribe(({ value }) => {
      const stored = [...sim.store.journal({ unitId: 'a' })].map((entry) => JSON.stringify(entry.value));
      seen.push([value, stored.includes(JSON.stringify(value))]);
    });
    sim.ask('a', 'start');
    await sim.settle();
    expect(seen.length).toBeGreaterThan(2);
    expect(seen.filter(([, isStored]) => !isStored)).toEqual([]);
  });
});

describe('a fault of somebody else', () => {
  test('an observer or inspector that throws changes nothing, and is told of', async () => {
    const sim = await Simulation.open({ units: [aServer('a')] });
    const { ref } = sim.orchestrator.registry.get('a')!;
    const fail = (): never => {
      throw new Error('I am a bad observer');
    };
    ref.subscribe(fail);
    ref.subscribe({ next: fail });
    ref.system.inspect(fail);
    sim.orchestrator.observe(fail);
    const started = sim.ask('a', 'start');
    await sim.settle();
    expect([sim.value('a'), started.answer]).toEqual([{ running: 'healthy' }, 'done']);
    expect(ref.getSnapshot().value).toEqual({ running: 'healthy' });
    expect(sim.logged.filter((line) => line.includes('I am a bad observer')).length).toBeGreaterThan(3);
  });

  test('a machine that throws quarantines its unit and no other', async () => {
    const sim = await Simulation.open({ units: [aServer('bad'), aServer('good')] });
    const bad = sim.orchestrator.registry.get('bad')!;
    Object.assign(bad, {
      stepper: {
        ...bad.stepper,
        step: () => {
          throw new Error('a bug in a machine');
        },
      },
    });
    const [one, other] = [sim.ask('bad', 'start'), sim.ask('good', 'start')];
    await sim.settle();
    expect([one.answer, other.answer, sim.value('good')]).toEqual(['Quarantined', 'done', { running: 'healthy' }]);
    expect(bad.quarantined).toBe('a bug in a machine');
  });

  test('a quarantined unit can still be ended, and a restart leads out of the quarantine', async () => {
    const sim = await Simulation.open({ units: [aServer('a'), aServer('b'), aServer('c', { after: { a: 'ready' } })] });
    await sim.up();
    await sim.advance(1_000);
    for (const id of ['a', 'b']) sim.orchestrator.registry.get(id)!.quarantined = 'for a test';
    const started = sim.ask('a', 'start');
    await sim.settle();
    expect(started.answer).toBe('Quarantined');
    const [pid] = [sim.world.process('b')?.identity.pid];
    const restarted = sim.ask('b', 'restart');
    await sim.advance(1_000);
    expect([restarted.answer, sim.orchestrator.registry.get('b')?.quarantined, sim.value('b')]).toEqual([
      'done',
      null,
      { running: 'healthy' },
    ]);
    expect(sim.world.process('b')?.identity.pid).not.toBe(pid);
    const down = sim.down();
    await sim.advance(1_000);
    expect([down.answer, sim.world.pidsAlive(), sim.world.violations]).toEqual(['done', [], []]);
  });

  test('a machine that cannot even be stopped keeps nobody from stopping the rest', async () => {
    const sim = await Simulation.open({ units: [aServer('good'), aServer('bad', { after: { good: 'ready' } })] });
    await sim.up();
    const bad = sim.orchestrator.registry.get('bad')!;
    bad.quarantined = 'for a test';
    bad.released = true;
    const down = sim.down();
    await sim.advance(10_000);
    expect([down.answer, sim.value('good'), sim.world.pidsAlive().length]).toEqual(['done', { reaped: 'settled' }, 1]);
  });

  test('an event that cannot even be made is refused in words, and nothing else is held up', async () => {
    const sim = await Simulation.open({ units: [aServer('a')] });
    const { registry } = sim.orchestrator;
    const { countUp } = registry;
    registry.countUp = () => {
      throw new Error('a bug in the registry');
    };
    const refused = sim.orchestrator.up().catch(({ message }: Error) => message);
    const started = sim.ask('a', 'start');
    await sim.settle();
    registry.countUp = countUp;
    expect([await refused, started.answer]).toEqual(['a bug in the registry', 'done']);
  });

  test('a unit whose runs cannot be read any more is terminated all the same', async () => {
    let isDamaged = false;
    const wrap = (store: Store): Store => ({
      ...store,
      runs(unitId) {
        if (isDamaged) throw new Error('the file is damaged');
        return store.runs(unitId);
      },
    });
    const sim = await Simulation.open({ units: [aServer('a')], wrap });
    isDamaged = true;
    const asked = sim.ask('a', 'terminate');
    await sim.settle();
    expect([asked.answer, sim.values(), sim.logged]).toEqual([
      'done',
      {},
      ['a: what is kept of its runs stays: the file is damaged'],
    ]);
  });

  test('a driver that throws is a failed launch, with its words', async () => {
    const problem = { code: 'CommandNotFound', message: 'Cannot start "nope".', hint: 'Install it.' };
    const sim = await Simulation.open({ units: [aServer('a')], behaviours: { a: { launch: { fails: problem } } } });
    const started = sim.ask('a', 'start');
    await sim.settle();
    expect([sim.value('a'), started.answer]).toEqual([{ reaped: 'settled' }, 'StartFailed']);
    expect(sim.orchestrator.registry.get('a')?.snapshot.context.why).toBe('Cannot start "nope". Install it.');
  });
});

describe('the public actor', () => {
  test('takes requests like everybody else: journaled first, seen after', async () => {
    const sim = await Simulation.open({ units: [aServer('a')] });
    const { ref } = sim.orchestrator.registry.get('a')!;
    ref.send({ type: 'start.requested', by: 'an XState user' });
    expect(ref.getSnapshot().value).toEqual({ reaped: 'settled' });
    await sim.settle();
    expect(ref.getSnapshot().value).toEqual({ running: 'healthy' });
    expect(sim.entries.find(({ event }) => event.type === 'start.requested')).toMatchObject({
      event: { by: 'an XState user', requestId: null },
    });
  });

  test('takes no facts: what happened in the world is for drivers to say', async () => {
    const sim = await Simulation.open({ units: [aServer('a')] });
    sim.orchestrator.registry.get('a')?.ref.send({ type: 'run.launched', generation: 0 });
    await sim.settle();
    expect(sim.entries.map(({ event }) => event.type)).toEqual(['unit.added', 'unit.added']);
    expect(sim.logged).toEqual(['a: "run.launched" was sent to the actor, which takes requests only']);
  });
});
