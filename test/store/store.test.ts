import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/machines/outcome.ts';
import type { Entry, Store } from '../../src/store/rows.ts';
import { openStore } from '../../src/store/store.ts';
import { entryOf, snapshotOf, tickOf, timerOf, unitOf } from './samples.ts';

const outcome: Outcome = {
  kind: 'failed',
  code: 3,
  signal: null,
  rawStatus: 768,
  certain: true,
  by: null,
  detail: null,
  took: [],
  endedMs: 1_795_180_009_000,
};
const order = { runId: 'e.1', unitId: 'api', generation: 1, orderedSeq: 1, orderedMs: 1_795_180_000_001 };
const identity = { bootId: 'boot-1', pidNamespace: 'pid:[1]', pid: 4250, startTicks: '99' };
const handle = { pid: 4250, identity, directory: 'runs/e.1' };

let store: Store;
beforeEach(() => {
  store = openStore({ path: ':memory:' });
});
afterEach(() => store.close());

describe('the journal', () => {
  test('gives back every entry as it was recorded, in order', () => {
    const entries = [
      entryOf(1, { event: { type: 'start.requested', requestId: null, by: 'user' }, value: 'spawning' }),
      entryOf(2, { patch: {}, commands: [], cause: null }),
      entryOf(3, { unitId: '', aseq: 1, patch: { deep: { list: [1, null, 'ü"\\\u0000'] } } }),
    ];
    store.commit(tickOf({ entries }));
    expect([...store.journal()]).toEqual(entries);
  });

  test('is read from and to a place, of one unit or of all, in pages that nobody notices', () => {
    const entries = Array.from({ length: 1_000 }, (_, index) =>
      entryOf(index + 1, { unitId: index % 2 ? 'b' : 'a', aseq: Math.floor(index / 2) + 1 }),
    );
    store.commit(tickOf({ entries }));
    const seqs = (query: Parameters<Store['journal']>[0]): number[] => [...store.journal(query)].map(({ seq }) => seq);
    const expected = entries.map(({ seq }) => seq);

    expect(seqs({})).toEqual(expected);
    expect(seqs({ afterSeq: 700 })).toEqual(expected.filter((seq) => seq > 700));
    expect(seqs({ afterSeq: 3, throughSeq: 600, limit: 590 })).toEqual(expected.slice(3, 593));
    expect(seqs({ unitId: 'b' })).toEqual(expected.filter((seq) => seq % 2 === 0));
    expect(seqs({ unitId: 'b', afterSeq: 301, throughSeq: 901 })).toEqual(
      expected.filter((seq) => seq % 2 === 0 && seq > 301 && seq <= 901),
    );
    expect(seqs({ unitId: 'b', afterSeq: 302, limit: 2 })).toEqual([304, 306]);
    expect(seqs({ unitId: 'nobody' })).toEqual([]);
    expect(seqs({ limit: 0 })).toEqual([]);
  });

  test('is read for the beginnings of a unit alone', () => {
    const types = ['unit.added', 'timer.grace', 'unit.released', 'timer.kill', 'unit.added'] as const;
    const born = { kind: 'server', epoch: 'e' } as const;
    const entries = types.map((type, at) =>
      entryOf(at + 1, { event: type.startsWith('unit') ? { type, ...born } : { type } } as Partial<Entry>),
    );
    store.commit(tickOf({ entries }));
    const { unitId } = entries[0]!;
    const seqs = (query: Parameters<Store['journal']>[0]): number[] => [...store.journal(query)].map(({ seq }) => seq);
    expect(seqs({ unitId, births: true })).toEqual([1, 3, 5]);
    expect(seqs({ unitId, births: true, afterSeq: 1, throughSeq: 4 })).toEqual([3]);
  });

  test('may be written while somebody is in the middle of reading it', () => {
    store.commit(tickOf({ entries: [entryOf(1), entryOf(2)] }));
    const seen: number[] = [];
    for (const { seq } of store.journal()) {
      if (seq === 1) store.commit(tickOf({ entries: [entryOf(3)] }));
      seen.push(seq);
    }
    expect(seen).toEqual([1, 2]);
    expect(store.lastSeq()).toBe(3);
  });

  test('counts from nothing, over all units and for each', () => {
    expect([store.lastSeq(), store.lastAseq('api')]).toEqual([0, 0]);
    store.commit(tickOf({ entries: [entryOf(1), entryOf(2), entryOf(3, { unitId: 'db', aseq: 1 })] }));
    expect([store.lastSeq(), store.lastAseq('api'), store.lastAseq('db')]).toEqual([3, 2, 1]);
  });
});

describe('snapshots', () => {
  test('are the two newest of a unit, newest first', () => {
    const entries = [1, 2, 3, 4].map((seq) => entryOf(seq));
    const snapshots = entries.map((entry) => snapshotOf(entry, { restarts: entry.seq, list: [{ a: null }] }));
    for (const [index, snapshot] of snapshots.entries()) {
      store.commit(tickOf({ entries: [entries[index]!], snapshots: [snapshot] }));
    }
    expect(store.snapshots('api')).toEqual([snapshots[3], snapshots[2]]);
    expect(store.snapshots('db')).toEqual([]);
  });
});

describe('units', () => {
  test('keep the order in which they were added, and every word of their specs', () => {
    const units = [unitOf('z'), unitOf('a', { kind: 'job' }), unitOf('m', { kind: 'watcher', addedMs: 1.5 })];
    store.commit(tickOf({ unitsAdded: units.slice(0, 2) }));
    store.commit(tickOf({ unitsAdded: units.slice(2) }));
    expect(store.units()).toEqual(units);
  });

  test('that are removed leave their journal and their runs, and nothing else', () => {
    const entries = [entryOf(1), entryOf(2, { unitId: 'db', aseq: 1 })];
    const command = { type: 'launch' } as const;
    store.commit(
      tickOf({
        unitsAdded: [unitOf('api'), unitOf('db')],
        entries,
        snapshots: entries.map((entry) => snapshotOf(entry, {})),
        timersSet: [timerOf('api', 1), timerOf('db', 2)],
        outboxAdded: [{ seq: 1, index: 0, unitId: 'api', command }],
        runsOrdered: [order],
      }),
    );
    // Its last entry is in the same tick, with all that the entry would have left.
    const last = entryOf(3, { aseq: 2 });
    store.commit(
      tickOf({
        unitsRemoved: ['api'],
        entries: [last],
        snapshots: [snapshotOf(last, {})],
        timersSet: [timerOf('api', 3)],
        outboxAdded: [{ seq: 3, index: 0, unitId: 'api', command }],
      }),
    );
    expect({
      units: store.units().map(({ id }) => id),
      snapshots: [store.snapshots('api').length, store.snapshots('db').length],
      timers: store.timers(),
      outbox: store.outbox(),
      entries: [...store.journal({ unitId: 'api' })].map(({ aseq }) => aseq),
      runs: store.runs('api').map(({ runId }) => runId),
    }).toEqual({
      units: ['db'],
      snapshots: [0, 1],
      timers: [timerOf('db', 2)],
      outbox: [],
      entries: [1, 2],
      runs: ['e.1'],
    });
  });

  test('that are replaced keep their place, count on, and begin anew', () => {
    store.commit(tickOf({ unitsAdded: [unitOf('api'), unitOf('db')], entries: [entryOf(1), entryOf(2)] }));
    store.commit(tickOf({ timersSet: [timerOf('api', 2), timerOf('db', 2)] }));
    const next = unitOf('api', { kind: 'job', epoch: 'second', addedMs: 7 });
    const begin = entryOf(3, { value: 'spawning' });
    const unitsAdded = [unitOf('cache'), next];
    store.commit(tickOf({ unitsRemoved: ['api'], unitsAdded, entries: [begin], snapshots: [snapshotOf(begin, {})] }));
    expect({
      units: store.units(),
      first: ['api', 'db', 'cache', 'nobody'].map(store.firstAseq),
      timers: store.timers(),
      snapshots: store.snapshots('api').map((snapshot) => snapshot?.seq),
    }).toEqual({
      units: [next, unitOf('db'), unitOf('cache')],
      first: [3, 1, 1, null],
      timers: [timerOf('db', 2)],
      snapshots: [3],
    });
  });
});

describe('timers and the outbox', () => {
  test('a timer has one arming, the last', () => {
    store.commit(tickOf({ unitsAdded: [unitOf('api')], timersSet: [timerOf('api', 1)] }));
    const later = { ...timerOf('api', 2), restore: 'restart', dueMonoMs: 9.5 } as const;
    store.commit(tickOf({ timersSet: [later] }));
    expect(store.timers()).toEqual([later]);
    store.commit(tickOf({ timersCleared: [{ unitId: 'api', timer: 'grace' }] }));
    expect(store.timers()).toEqual([]);
  });

  test('a timer that a tick clears and sets is set', () => {
    store.commit(tickOf({ unitsAdded: [unitOf('api')] }));
    store.commit(tickOf({ timersCleared: [{ unitId: 'api', timer: 'grace' }], timersSet: [timerOf('api', 1)] }));
    expect(store.timers()).toEqual([timerOf('api', 1)]);
  });

  test('a command waits in the order of its entry until it is done', () => {
    const rows = [
      { seq: 1, index: 2, unitId: 'api', command: { type: 'launch' } },
      { seq: 2, index: 0, unitId: 'api', command: { type: 'endRun', params: { how: 'kill' } } },
    ] as const;
    store.commit(tickOf({ unitsAdded: [unitOf('api')], outboxAdded: [rows[1], rows[0]] }));
    expect(store.outbox()).toEqual(rows);
    store.commit(tickOf({ outboxDone: [{ seq: 1, index: 2 }] }));
    expect(store.outbox()).toEqual([rows[1]]);
  });
});

describe('runs', () => {
  test('are ordered, started and ended, and keep what was known at each step', () => {
    const ordered = { ...order, handle: null, startedMs: null, outcome: null };
    store.commit(tickOf({ runsOrdered: [order] }));
    expect([store.run('e.1'), store.openRuns()]).toEqual([ordered, [ordered]]);

    const started = { ...ordered, handle, startedMs: 1_795_180_000_100 };
    store.commit(tickOf({ runsStarted: [{ runId: 'e.1', handle, startedMs: 1_795_180_000_100 }] }));
    expect(store.run('e.1')).toEqual(started);

    store.commit(tickOf({ runsEnded: [{ runId: 'e.1', outcome }] }));
    expect([store.run('e.1'), store.openRuns()]).toEqual([{ ...started, outcome }, []]);
    expect(store.run('e.2')).toBeNull();
  });

  test('have one outcome: the first', () => {
    store.commit(tickOf({ runsOrdered: [order] }));
    const second = { runId: 'e.1', outcome: { ...outcome, kind: 'lost' } } as const;
    store.commit(tickOf({ runsEnded: [{ runId: 'e.1', outcome }, second] }));
    store.commit(tickOf({ runsEnded: [second] }));
    expect(store.run('e.1')?.outcome).toEqual(outcome);
  });

  test('of a unit come newest first', () => {
    const orders = [1, 2, 3].map((n) => ({ ...order, runId: `e.${n}`, generation: n, orderedSeq: n }));
    store.commit(tickOf({ runsOrdered: [...orders, { ...order, runId: 'other', unitId: 'db' }] }));
    expect(store.runs('api').map(({ runId }) => runId)).toEqual(['e.3', 'e.2', 'e.1']);
  });
});

test('machines and single values are kept as they are', () => {
  const machine = { definition: 'abc', machine: 'server', version: 1, graph: { id: 'server', edges: [] } };
  store.rememberMachine(machine);
  store.rememberMachine({ ...machine, machine: 'another under the same hash' });
  store.setMeta('ownerId', 'first');
  store.setMeta('ownerId', 'second');
  expect(store.machines()).toEqual([machine]);
  expect(['abc', 'none'].map(store.knowsMachine)).toEqual([true, false]);
  expect(['ownerId', 'none'].map(store.meta)).toEqual(['second', null]);
});
