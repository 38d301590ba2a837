import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { StoreUnwritable } from '../../src/store/errors.ts';
import { failureOf } from '../../src/store/failure.ts';
import type { Store, Tick } from '../../src/store/rows.ts';
import { storeOn } from '../../src/store/store.ts';
import { fillable, started } from '../support/fillable.ts';
import { journalOf, live, recorded } from '../support/recorded.ts';
import { Simulation } from '../support/simulation.ts';
import { aServer } from '../support/specs.ts';
import { temporaryDirectory } from '../support/temporary.ts';

test('a real database that may not grow is degraded, and has everything as soon as it may', async () => {
  const db = openDatabase({ path: join(temporaryDirectory(), 'reeve.db') });
  const wrap = (inMemory: Store): Store => {
    inMemory.close();
    return storeOn(db);
  };
  const sim = await Simulation.open({ units: [aServer('a'), aServer('b')], wrap });
  await sim.up();
  db.pragma(`max_page_count = ${db.pragma('page_count', { simple: true })}`);
  // There is some room left in the pages that it has.
  while (!sim.orchestrator.recorder.degraded) {
    sim.orchestrator.recorder.accept('b', { type: 'probe.passed', generation: 1, probe: 'alive' });
    await sim.settle();
  }
  const down = sim.down();
  await sim.advance(5_000);
  const meanwhile = [down.answer, sim.world.pidsAlive(), sim.orchestrator.recorder.degraded?.problem.code];
  db.pragma('max_page_count = 1000000');
  await sim.advance(10_000);
  expect([meanwhile, recorded(sim)]).toEqual([['done', [], 'StoreUnwritable'], live(sim)]);
  expect(sim.entries.map(({ unitId, event }) => `${unitId} ${event.type}`)).toEqual(journalOf(sim));
});

test('a database that is found damaged costs no unit its trust', async () => {
  let isDamaged = false;
  const wrap = (store: Store): Store => ({
    ...store,
    commit(tick) {
      const cause = Object.assign(new Error('malformed'), { code: 'SQLITE_CORRUPT', syscall: 'write' });
      if (isDamaged) throw new StoreUnwritable({ path: 'reeve.db', failure: failureOf(cause), cause });
      store.commit(tick);
    },
  });
  const sim = await Simulation.open({ units: [aServer('a'), aServer('b')], wrap });
  await sim.up();
  isDamaged = true;
  const stop = sim.ask('a', 'stop');
  sim.world.kill('b', 'SIGKILL');
  await sim.settle();
  const { registry, recorder } = sim.orchestrator;
  expect([
    stop.answer,
    [...registry.units()].map(({ quarantined }) => quarantined),
    recorder.degraded?.problem.message,
  ]).toEqual(['done', [null, null], 'Cannot write to the store reeve.db: the file is damaged (SQLITE_CORRUPT).']);
});

describe('a store that stays unwritable', () => {
  test('is asked again less and less often', async () => {
    const { sim, disk } = await started({ units: [aServer('a')] });
    disk.isFull = true;
    sim.ask('a', 'stop');
    await sim.settle();
    const tries: number[] = [];
    for (let second = 0; second <= 40; second++) {
      const before = disk.refusals;
      await sim.advance(second === 0 ? 0 : 1_000);
      if (disk.refusals > before) tries.push(second);
    }
    expect(tries).toEqual([1, 3, 7, 15, 25, 35]);
  });

  test('is not waited for by a down, nor by a close, which says what is lost', async () => {
    const { sim, disk } = await started({ units: [aServer('a'), aServer('b', { after: { a: 'ready' } })] });
    disk.isFull = true;
    const down = sim.down();
    await sim.advance(1_000);
    const lost = sim.orchestrator.recorder.lastSeq - sim.store.lastSeq();
    await sim.orchestrator.close();
    expect([down.answer, sim.world.pidsAlive(), lost > 5]).toEqual(['done', [], true]);
    expect(sim.logged.filter((line) => line.startsWith(`${lost} entries of the journal could not be`)).length).toBe(1);
  });

  test('costs what was not written, and no more: the next orchestrator finds out what is true', async () => {
    const { sim, disk } = await started({ units: [aServer('dies', { restart: 'never' }), aServer('lives')] });
    disk.isFull = true;
    sim.world.kill('dies', 'SIGSEGV');
    await sim.settle();
    sim.crash();
    disk.isFull = false;
    await sim.open();
    await sim.settle();
    expect([sim.values(), sim.store.runs('dies')[0]?.outcome, recorded(sim), sim.world.launches.length]).toEqual([
      { dies: { reaped: 'settled' }, lives: { running: 'healthy' } },
      expect.objectContaining({ kind: 'crashed', signal: 'SIGSEGV' }),
      live(sim),
      2,
    ]);
  });
});

describe('when more waits than is kept', () => {
  const chatter = (sim: Simulation, count: number): void => {
    for (let index = 0; index < count; index++) {
      const type = index % 2 === 0 ? 'probe.failed' : 'probe.passed';
      sim.orchestrator.recorder.accept('noisy', { type, generation: 1, probe: 'alive', detail: 'no answer' });
      sim.orchestrator.recorder.flush();
    }
  };

  test('the last of the room is for what brings units to rest', async () => {
    const { sim, disk } = await started({ units: [aServer('noisy'), aServer('other')] });
    disk.isFull = true;
    const first = sim.orchestrator.recorder.lastSeq;
    chatter(sim, 9_000);
    const noise = sim.orchestrator.recorder.lastSeq - first;
    const down = sim.down();
    await sim.advance(1_000);
    expect([noise, down.answer, sim.world.pidsAlive()]).toEqual([8_000, 'done', []]);
    expect(sim.logged.filter((line) => line.includes('Too many entries')).length).toBe(1);
  });

  test('nobody waits for what nobody can tell any more, and what was missed is found out afterwards', async () => {
    const { sim, disk } = await started({ units: [aServer('noisy'), aServer('missed', { restart: 'never' })] });
    disk.isFull = true;
    const first = sim.orchestrator.recorder.lastSeq;
    const { recorder } = sim.orchestrator;
    chatter(sim, 8_000);
    sim.world.behave('noisy', { onTerminate: 'ignores' });
    const waits = sim.ask('noisy', 'stop');
    while (recorder.lastSeq - first < 10_000) {
      recorder.accept('noisy', { type: 'stop.requested', requestId: null, by: 'somebody who insists' });
      recorder.flush();
    }
    sim.world.kill('missed', 'SIGSEGV');
    await sim.settle();
    const meanwhile = [waits.answer, sim.value('missed'), recorder.lastSeq - first];
    disk.isFull = false;
    await sim.advance(60_000);
    expect([meanwhile, sim.values(), sim.orchestrator.runs('missed')[0]?.outcome?.signal]).toEqual([
      ['StoreUnwritable', { running: 'healthy' }, 10_000],
      { noisy: { reaped: 'settled' }, missed: { reaped: 'settled' } },
      'SIGSEGV',
    ]);
    expect(recorded(sim)).toEqual(live(sim));
  });
});

describe('a tick that was acted on and can never be written', () => {
  test('costs its unit its trust, and no other entry its place', async () => {
    const isBad = (tick: Tick): boolean => tick.entries.some(({ event }) => 'by' in event && event.by === 'a bug');
    const { disk, wrap: fill } = fillable();
    const wrap = (store: Store): Store => {
      const real = fill(store);
      const commit = (tick: Tick): void => {
        if (!disk.isFull && isBad(tick)) throw new TypeError('a bug in the store');
        real.commit(tick);
      };
      return { ...real, commit };
    };
    const sim = await Simulation.open({ units: [aServer('bad'), aServer('good'), aServer('later')], wrap });
    await sim.up();
    disk.isFull = true;
    sim.ask('good', 'stop');
    await sim.settle();
    sim.orchestrator.recorder.accept('bad', { type: 'start.requested', requestId: null, by: 'a bug' });
    await sim.settle();
    sim.ask('later', 'stop');
    await sim.settle();
    disk.isFull = false;
    await sim.advance(1_000);
    const of = (id: string) => [...sim.store.journal({ unitId: id })].at(-1)?.value;
    expect([sim.orchestrator.recorder.degraded, sim.orchestrator.registry.get('bad')?.quarantined]).toEqual([
      null,
      'a bug in the store',
    ]);
    expect([of('good'), of('later')]).toEqual([{ reaped: 'settled' }, { reaped: 'settled' }]);
  });
});
