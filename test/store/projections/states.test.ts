import type { Database } from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabase } from '../../../src/store/database.ts';
import { loadStates } from '../../../src/store/projections/states.ts';
import type { Entry, Store } from '../../../src/store/rows.ts';
import { storeOn } from '../../../src/store/store.ts';
import { entryOf, snapshotOf, tickOf, unitOf } from '../samples.ts';

let db: Database;
let store: Store;
beforeEach(() => {
  db = openDatabase({ path: ':memory:' });
  store = storeOn(db);
});
afterEach(() => store.close());

/** `api` with eight entries and snapshots at the fourth and the sixth; `db` with one entry. */
function history(): void {
  const first = entryOf(1, { value: 'spawning', patch: { count: 1, restarts: 0, run: null } });
  const later = [2, 3, 4, 5, 6, 7, 8].map((seq) => entryOf(seq, { patch: { count: seq } }));
  const other = entryOf(9, { unitId: 'db', aseq: 1, value: 'reaped', patch: { count: 1 } });
  const context = (count: number) => ({ count, restarts: 0, run: null });
  store.commit(
    tickOf({
      unitsAdded: [unitOf('api'), unitOf('db')],
      entries: [first, ...later, other],
      snapshots: [snapshotOf(later[2]!, context(4)), snapshotOf(later[4]!, context(6))],
    }),
  );
}

const stateAt = (entry: Entry, context: object): object => {
  const { seq, aseq, version, definition, stateHash, value } = entry;
  return { unit: unitOf(entry.unitId), unreadable: null, seq, aseq, version, definition, stateHash, value, context };
};
const api = stateAt(entryOf(8), { count: 8, restarts: 0, run: null });
const other = stateAt(entryOf(9, { unitId: 'db', aseq: 1, value: 'reaped' }), { count: 1 });

/** Writes what no schema lets anybody write: what a damaged file may hold. */
function damage(sql: string): void {
  db.pragma('ignore_check_constraints = ON');
  db.exec('DROP TRIGGER journal_is_append_only');
  db.exec(sql);
}

test('a state is the newest snapshot and the patches after it', () => {
  history();
  // What the snapshot says is what counts: the entries before it are not read.
  damage('UPDATE snapshots SET context = \'{"count":6,"restarts":7,"run":null}\' WHERE seq = 6');
  expect(loadStates(store)).toEqual([stateAt(entryOf(8), { count: 8, restarts: 7, run: null }), other]);
});

test.each([
  ['the newest snapshot cannot be read', "UPDATE snapshots SET context = '{' WHERE seq = 6"],
  ['no snapshot can be read', "UPDATE snapshots SET context = '{'"],
  ['there is no snapshot', 'DELETE FROM snapshots'],
])('it is the same where %s', (_what, sql) => {
  history();
  damage(sql);
  expect(loadStates(store)).toEqual([api, other]);
});

test.each([
  [
    'its last entry cannot be read',
    "UPDATE journal SET patch = '{' WHERE seq = 8",
    /^Cannot tell the state of api: entry 8 of its journal: .* it holds text that is no JSON/,
  ],
  [
    'an entry after its snapshots is missing',
    'DELETE FROM journal WHERE seq = 7',
    /^Cannot tell the state of api: entry 7 of its journal is missing\.$/,
  ],
  [
    'its snapshots are damaged and its beginning is gone',
    "UPDATE snapshots SET context = '{'; DELETE FROM journal WHERE seq < 5",
    /^Cannot tell the state of api: a snapshot is damaged; entry 1 of its journal is missing\.$/,
  ],
  [
    'nothing of it is left',
    "DELETE FROM snapshots; DELETE FROM journal WHERE unit_id = 'api'",
    /^Cannot tell the state of api: nothing of its history is left\.$/,
  ],
])('where %s, the unit is unreadable, and no other', (_what, sql, message) => {
  history();
  damage(sql);
  expect(loadStates(store)).toEqual([
    {
      unit: unitOf('api'),
      unreadable: {
        code: 'StateUnreadable',
        message: expect.stringMatching(message),
        hint: 'Its process, if there is one, was left alone. `reeve restart api` begins again with a new run.',
      },
    },
    other,
  ]);
});

test('a unit that was replaced has nothing of the earlier one, also without a snapshot', () => {
  history();
  const begin = entryOf(10, { aseq: 9, patch: { count: 0 } });
  store.commit(tickOf({ unitsRemoved: ['api'], unitsAdded: [unitOf('api')], entries: [begin] }));
  expect(loadStates(store)).toEqual([stateAt(begin, { count: 0 }), other]);
});
