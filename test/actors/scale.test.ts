import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stateOf } from '../../src/machines/view.ts';
import type { Entry, Store } from '../../src/store/rows.ts';
import { openStore, storeOn } from '../../src/store/store.ts';
import { Simulation } from '../support/simulation.ts';
import { aServer } from '../support/specs.ts';

let directory: string;
let simulation: Simulation | null = null;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'scale-'));
});
afterEach(async () => {
  await simulation?.close();
  simulation = null;
  rmSync(directory, { recursive: true });
});

/** Far more than it takes alone: it may have to share the machine with other tests. */
const DEADLINE_MS = 60_000;

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const servers = (count: number) => Array.from({ length: count }, (_, index) => aServer(`u${index}`));
/** As many, where it does not matter that they share what their specs hold. */
const twins = (count: number) => {
  const spec = aServer('u');
  return Array.from({ length: count }, (_, index) => ({ ...spec, id: `u${index}` }));
};

/** A real file whose transactions are counted as SQLite executes them: a statement outside of one is one by itself. */
function countingStore(): { readonly transactions: { count: number }; wrap(inMemory: Store): Store } {
  const transactions = { count: 0 };
  let isInside = false;
  const verbose = (statement?: unknown): void => {
    const [verb = ''] = String(statement).split(/\s/, 1);
    if (verb === 'BEGIN') isInside = true;
    if (verb === 'COMMIT') isInside = false;
    if (verb === 'COMMIT' || (!isInside && /^(INSERT|UPDATE|DELETE)$/.test(verb))) transactions.count++;
  };
  const path = join(directory, 'reeve.db');
  openStore({ path }).close();
  return {
    transactions,
    wrap(inMemory) {
      inMemory.close();
      return storeOn(new Database(path, { verbose }));
    },
  };
}

test('10,000 idle units in memory take at most 40 KB of heap each', { timeout: DEADLINE_MS }, async () => {
  const sim = await Simulation.open({ units: [aServer('first')] });
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  sim.orchestrator.add(servers(10_000));
  // The simulation keeps every entry for its tests; an orchestrator keeps none.
  sim.entries.length = 0;
  collectGarbage();
  const bytesEach = (process.memoryUsage().heapUsed - before) / 10_000;
  expect(sim.orchestrator.registry.get('u9999')?.snapshot.value).toEqual({ reaped: 'settled' });
  // Below this, nothing of a unit was counted.
  expect(bytesEach).toBeGreaterThan(500);
  expect(bytesEach).toBeLessThan(40 * 1_024);
});

test('a tick of 100 events is one transaction', async () => {
  const { transactions, wrap } = countingStore();
  const sim = await Simulation.open({ units: servers(100), wrap });
  const { recorder } = sim.orchestrator;
  for (const { id } of sim.orchestrator.registry.units()) {
    recorder.accept(id, { type: 'start.requested', requestId: null, by: 'test' });
  }
  const before = { transactions: transactions.count, entries: sim.entries.length };
  recorder.flush();
  expect({
    transactions: transactions.count - before.transactions,
    entries: sim.entries.length - before.entries,
  }).toEqual({ transactions: 1, entries: 100 });
});

test('adding 10,000 units is a few transactions', { timeout: DEADLINE_MS }, async () => {
  const { transactions, wrap } = countingStore();
  const sim = await Simulation.open({ wrap });
  const before = transactions.count;
  sim.orchestrator.add(twins(10_000));
  // All units together, and the definition of their machine where it was not known.
  expect(transactions.count - before).toBeLessThanOrEqual(2);
  expect(sim.store.units().length).toBe(10_000);
});

test('a shutdown counts the units that are up at most once a tick, and is never wrong about them', async () => {
  // Those that wait for each other are let go one after the other, all in the tick that stops the last of them.
  const waiting = Array.from({ length: 50 }, (_, index) =>
    aServer(`w${index}`, { after: { [`w${index - 1}`]: 'ready' } }),
  );
  const units = [...servers(100), aServer('w-1'), ...waiting];
  let ticks = 0;
  const wrap = (store: Store): Store => ({
    ...store,
    commit(tick) {
      ticks++;
      store.commit(tick);
    },
  });
  const sim = await Simulation.open({ units, behaviours: { 'w-1': { readyAfterMs: null } }, wrap });
  await sim.up();
  const { registry } = sim.orchestrator;
  const countUp = registry.countUp.bind(registry);
  let counts = 0;
  registry.countUp = (snapshotOf) => {
    counts++;
    return countUp(snapshotOf);
  };
  const before = { entries: sim.entries.length, ticks };
  const asked = sim.down();
  await sim.settle();
  const changes = sim.entries.slice(before.entries).filter(({ event }) => event.type === 'unit.changed');
  expect([asked.answer, changes.length > 0]).toEqual(['done', true]);
  // The request itself brings the first count.
  expect(counts).toBeLessThanOrEqual(1 + ticks - before.ticks);
  expect(changes.map(({ event }) => 'up' in event && event.up)).toEqual(changes.map((entry) => upBefore(sim, entry)));
});

test.each([
  ['all at once', null],
  ['one after the other', (index: number) => index],
  ['the last one first', (index: number) => 400 - index],
])('400 units that need the same one end %s, and are not all asked about each of them', async (_when, afterMs) => {
  const ids = Array.from({ length: 400 }, (_, index) => `u${index}`);
  const units = [aServer('db'), ...ids.map((id) => aServer(id, { after: { db: 'ready' } }))];
  const behaviours =
    afterMs && Object.fromEntries(ids.map((id, index) => [id, { onTerminate: { afterMs: afterMs(index) } }]));
  const sim = await Simulation.open({ units, behaviours: behaviours ?? {} });
  await sim.up();
  const { registry } = sim.orchestrator;
  const needing = registry.needing.bind(registry);
  let asked = 0;
  registry.needing = (id, snapshotOf) =>
    needing(id, (actor) => {
      asked++;
      return snapshotOf(actor);
    });
  const down = sim.down();
  for (let ms = 0; ms <= 400; ms += 10) await sim.advance(10);
  expect([down.answer, asked < 20 * ids.length]).toEqual(['done', true]);
});

/** How many units are not at rest at an entry, counted from the journal before it. */
function upBefore({ entries }: Simulation, { seq }: Entry): number {
  const newest = new Map(entries.filter((entry) => entry.seq < seq).map(({ unitId, value }) => [unitId, value]));
  newest.delete('');
  return [...newest.values()].filter((value) => stateOf(value).substate !== 'settled').length;
}
