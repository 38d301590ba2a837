import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { loadStates, stateThrough } from '../../src/store/projections/states.ts';
import type { Entry, Retention, Snapshot, Store } from '../../src/store/rows.ts';
import { openStore } from '../../src/store/store.ts';
import { entryOf, snapshotOf, tickOf, unitOf } from './samples.ts';

const EVERYTHING: Retention = { maxAgeMs: 1e12, maxEntries: 1e9, maxBytes: 1e12, nowMs: entryOf(1).atMs };

const stores: Store[] = [];
afterEach(() => {
  for (const store of stores.splice(0)) store.close();
});

const empty = (): Store => {
  const store = openStore({ path: ':memory:' });
  stores.push(store);
  return store;
};

const withEntries = (count: number, change: (seq: number) => Partial<Entry> = () => ({})): Store => {
  const store = empty();
  const entries = Array.from({ length: count }, (_, index) => entryOf(index + 1, change(index + 1)));
  store.commit(tickOf({ unitsAdded: [unitOf('api')], entries }));
  return store;
};

/** The oldest `seq` that is left, and how many entries. */
const left = (store: Store): [number | undefined, number] => {
  const seqs = [...store.journal()].map(({ seq }) => seq);
  return [seqs[0], seqs.length];
};

describe('retention', () => {
  test('within its limits deletes nothing', () => {
    const store = withEntries(10);
    expect(store.trim(EVERYTHING)).toEqual({ entries: 0, runs: 0, more: false });
    expect(left(store)).toEqual([1, 10]);
    expect(empty().trim(EVERYTHING)).toEqual({ entries: 0, runs: 0, more: false });
  });

  test('keeps what is exactly as old as it may be', () => {
    const store = withEntries(10);
    const limits = { ...EVERYTHING, nowMs: entryOf(10).atMs, maxAgeMs: 4 };
    expect([store.trim(limits), left(store)]).toEqual([{ entries: 5, runs: 0, more: false }, [6, 5]]);
  });

  test('leaves so many, however old the clock says that they are', () => {
    const store = withEntries(10);
    const limits = { ...EVERYTHING, nowMs: entryOf(1).atMs + 1e13, maxAgeMs: 0, minEntries: 4 };
    expect([store.trim(limits), left(store)]).toEqual([{ entries: 6, runs: 0, more: false }, [7, 4]]);
  });

  test('keeps so many entries and no more', () => {
    const store = withEntries(10);
    expect([store.trim({ ...EVERYTHING, maxEntries: 3 }), left(store)]).toEqual([
      { entries: 7, runs: 0, more: false },
      [8, 3],
    ]);
  });

  test('brings what the database uses below its size', () => {
    const store = withEntries(3_000, () => ({ patch: { text: 'x'.repeat(1_000) } }));
    const limits = { ...EVERYTHING, maxBytes: 1_000_000 };
    let calls = 1;
    while (store.trim(limits).entries > 0 && calls < 10) calls++;
    const [, kept] = left(store);
    expect(kept).toBeGreaterThan(400);
    expect(kept).toBeLessThan(1_000);
    expect(calls).toBeLessThan(10);
  });

  test('never deletes the newest entry: its seq is not used again', () => {
    const store = withEntries(10);
    store.trim({ maxAgeMs: 0, maxEntries: 0, maxBytes: 0, nowMs: Number.MAX_SAFE_INTEGER });
    expect([left(store), store.lastSeq(), store.lastAseq('api')]).toEqual([[10, 1], 10, 10]);
  });

  test('deletes a bounded piece at a time', () => {
    const store = withEntries(2_500);
    const limits = { ...EVERYTHING, maxEntries: 100 };
    const steps = [store.trim(limits), store.trim(limits), store.trim(limits), store.trim(limits)];
    expect(steps.map(({ entries, more }) => [entries, more])).toEqual([
      [1_000, true],
      [1_000, true],
      [400, false],
      [0, false],
    ]);
  });

  test('deletes ended runs with their entries, but for the last run of a unit that is there', () => {
    const store = withEntries(10);
    const runsOrdered = [1, 2, 3, 9].map((seq) => ({
      runId: `r${seq}`,
      unitId: seq === 3 ? 'removed' : 'api',
      generation: seq,
      orderedSeq: seq,
      orderedMs: seq,
    }));
    const outcome = {
      kind: 'finished',
      code: 0,
      signal: null,
      rawStatus: 0,
      certain: true,
      by: null,
      detail: null,
      took: [],
    } as const;
    const runsEnded = ['r1', 'r3', 'r9'].map((runId) => ({ runId, outcome: { ...outcome, endedMs: 1 } }));
    store.commit(tickOf({ runsOrdered, runsEnded }));
    expect(store.trim({ ...EVERYTHING, maxEntries: 1 })).toMatchObject({ entries: 9, runs: 2 });
    expect(['r1', 'r2', 'r3', 'r9'].map((runId) => store.run(runId) !== null)).toEqual([false, true, false, true]);
  });

  test('any retention leaves every state, now and at every entry that is kept, as a full fold has it', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 120, size: 'max' }), (steps) => {
        const world = new World();
        for (const each of steps) world.take(each);
        world.check();
        world.close();
      }),
      { numRuns: 200 },
    );
  });
});

type Step =
  | {
      readonly do: 'event' | 'snapshot' | 'remove' | 'replace';
      readonly unit: string;
      readonly key: string;
      readonly to: number;
    }
  | { readonly do: 'trim'; readonly keep: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('event', 'event', 'event', 'event', 'snapshot', 'snapshot', 'remove', 'replace'),
      unit: fc.constantFrom('', 'a', 'b', 'c'),
      key: fc.constantFrom('x', 'y', 'z'),
      to: fc.nat(9),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('trim' as const), keep: fc.nat(20) }) },
);

/** A store, and beside it the plainest model: for each unit, the context at each of its entries. */
class World {
  readonly #store = openStore({ path: ':memory:' });
  readonly #states = new Map<string, Map<number, Snapshot>>();
  readonly #aseqs = new Map<string, number>();
  #seq = 0;

  take(step: Step): void {
    if (step.do === 'trim') {
      this.#store.trim({ ...EVERYTHING, maxEntries: step.keep });
      this.check();
      return;
    }
    const { unit } = step;
    const known = this.#states.get(unit);
    if (step.do === 'remove') {
      this.#states.delete(unit);
      if (known && unit !== '') this.#store.commit(tickOf({ unitsRemoved: [unit] }));
      else if (known) this.#states.set(unit, known);
      return;
    }
    const isNew = !known || (step.do === 'replace' && unit !== '');
    const before = isNew ? { x: 0, y: 0, z: 0 } : [...known.values()].at(-1)!.context;
    const patch = { [step.key]: step.to };
    // Of a unit that was removed, the store alone knows how far it had counted, as long as anything is left of it.
    const aseq = (known ? this.#aseqs.get(unit)! : this.#store.lastAseq(unit)) + 1;
    const entry = entryOf(++this.#seq, { unitId: unit, aseq, patch: isNew ? { ...before, ...patch } : patch });
    const state = snapshotOf(entry, { ...before, ...patch });
    this.#store.commit(
      tickOf({
        unitsRemoved: known && isNew ? [unit] : [],
        unitsAdded: isNew && unit !== '' ? [unitOf(unit)] : [],
        entries: [entry],
        snapshots: step.do === 'snapshot' ? [state] : [],
      }),
    );
    this.#aseqs.set(unit, aseq);
    this.#states.set(unit, isNew ? new Map([[entry.seq, state]]) : known.set(entry.seq, state));
  }

  close(): void {
    this.#store.close();
  }

  check(): void {
    const store = this.#store;
    expect(store.lastSeq()).toBe(this.#seq);
    const kept = [...store.journal()].map(({ seq }) => seq);
    expect(kept).toEqual(kept.map((_, index) => this.#seq - kept.length + 1 + index));
    for (const state of loadStates(store)) {
      const { unitId: _, ...newest } = [...this.#states.get(state.unit.id)!.values()].at(-1)!;
      expect(state).toEqual({ unit: state.unit, unreadable: null, ...newest });
    }
    for (const [unitId, states] of this.#states) {
      expect(store.lastAseq(unitId)).toBe(this.#aseqs.get(unitId));
      const firstAseq = unitId === '' ? 1 : store.firstAseq(unitId)!;
      for (const [seq, state] of states) {
        if (seq < kept[0]!) continue;
        expect(stateThrough(store, { unitId, firstAseq, throughSeq: seq })).toEqual(state);
      }
    }
  }
}
