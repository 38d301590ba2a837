import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { outcomeWithoutExit } from '../../src/machines/outcome.ts';
import { openDatabase } from '../../src/store/database.ts';
import { StoreUnwritable } from '../../src/store/errors.ts';
import type { Tick } from '../../src/store/rows.ts';
import { openStore, storeOn } from '../../src/store/store.ts';
import { directories } from './directory.ts';
import { entryOf, snapshotOf, tickOf, timerOf, unitOf } from './samples.ts';

const directory = directories();

const order = { runId: 'e.1', unitId: 'api', generation: 1, orderedSeq: 1, orderedMs: 1 };
const full: Tick = tickOf({
  unitsAdded: [unitOf('api')],
  entries: [entryOf(1), entryOf(2)],
  snapshots: [snapshotOf(entryOf(2), { restarts: 0 })],
  timersSet: [timerOf('api', 2)],
  outboxAdded: [{ seq: 1, index: 0, unitId: 'api', command: { type: 'launch' } }],
  runsOrdered: [order],
});

const refusal = (act: () => void): unknown => {
  try {
    act();
  } catch (error) {
    return error;
  }
  return 'it was written';
};

describe('a tick', () => {
  test('is one transaction, whatever it changes', () => {
    const path = join(directory(), 'reeve.db');
    const store = openStore({ path });
    const before = commitsIn(`${path}-wal`);
    store.commit(full);
    expect(commitsIn(`${path}-wal`) - before).toBe(1);
    store.close();
  });

  test.each<[what: string, bad: Partial<Tick>]>([
    ['the same entry twice', { entries: [entryOf(3), entryOf(3)] }],
    ['the same count of a unit twice', { entries: [entryOf(3), entryOf(4, { aseq: 3 })] }],
    ['an effect before its cause', { entries: [entryOf(3, { cause: 4 })] }],
    ['a timer of a unit that is not there', { timersSet: [timerOf('nobody', 3)] }],
    ['a command of a unit that is not there', { outboxAdded: [{ ...full.outboxAdded[0]!, seq: 3, unitId: 'nobody' }] }],
    ['a unit that is there already', { unitsAdded: [unitOf('api')] }],
    ['a run that was ordered before', { runsOrdered: [order] }],
  ])('with %s leaves nothing behind', (_what, bad) => {
    const db = openDatabase({ path: ':memory:' });
    const store = storeOn(db);
    store.commit(full);
    const before = contentsOf(db);
    const good = {
      unitsAdded: [unitOf('db')],
      entries: [entryOf(3)],
      snapshots: [snapshotOf(entryOf(3), {})],
      timersSet: [timerOf('db', 3)],
      runsOrdered: [{ ...order, runId: 'e.2' }],
      runsEnded: [{ runId: 'e.1', outcome: outcomeWithoutExit({ kind: 'lost', by: null, detail: null }, 1) }],
    };
    const tick = tickOf({ ...good, ...bad });
    expect(refusal(() => store.commit(tick))).toMatchObject({ _tag: 'StoreUnwritable', mayPass: false });
    expect(contentsOf(db)).toEqual(before);
    store.commit(tickOf({ entries: [entryOf(3)] }));
    expect(store.lastSeq()).toBe(3);
    store.close();
  });

  test('that cannot be written as JSON leaves nothing behind either, and keeps its own error', () => {
    const store = openStore({ path: ':memory:' });
    const endless: Record<string, never> = {};
    Object.assign(endless, { endless });
    const tick = tickOf({ entries: [entryOf(1), entryOf(2, { patch: endless })] });
    expect(refusal(() => store.commit(tick))).toBeInstanceOf(TypeError);
    expect(store.lastSeq()).toBe(0);
    store.close();
  });

  test('on a full disk is refused in words, and taken when there is room again', () => {
    const path = join(directory(), 'reeve.db');
    const db = openDatabase({ path });
    const store = storeOn(db);
    store.commit(tickOf({ entries: [entryOf(1)] }));
    db.pragma(`max_page_count = ${db.pragma('page_count', { simple: true })}`);
    const large = tickOf({ entries: [entryOf(2), entryOf(3, { patch: { text: 'x'.repeat(100_000) } })] });

    const error = refusal(() => store.commit(large));
    expect(error).toBeInstanceOf(StoreUnwritable);
    expect(error).toMatchObject({
      code: 'StoreUnwritable',
      message: `Cannot write to the store ${path}: no space is left on the disk (SQLITE_FULL).`,
      hint: 'Free some space on it, or raise the quota.',
      mayPass: true,
      cause: { code: 'SQLITE_FULL' },
    });
    expect(store.lastSeq()).toBe(1);

    db.pragma('max_page_count = 1000000');
    store.commit(large);
    expect([...store.journal({ afterSeq: 1 })]).toEqual(large.entries);
    store.close();
  });

  test('waits for nobody long: a locked store is refused in words', () => {
    const path = join(directory(), 'reeve.db');
    const store = openStore({ path });
    const other = new Database(path);
    other.exec('BEGIN IMMEDIATE');
    expect(refusal(() => store.commit(full))).toMatchObject({
      message: `Cannot write to the store ${path}: another process keeps it locked (SQLITE_BUSY).`,
      mayPass: true,
    });
    other.exec('ROLLBACK');
    other.close();
    store.commit(full);
    store.close();
  });
});

describe('the journal, whoever holds the pen,', () => {
  test('is append-only, and never gives up its newest entry', () => {
    const db = openDatabase({ path: ':memory:' });
    const store = storeOn(db);
    store.commit(full);
    expect(() => db.exec("UPDATE journal SET value = '1'")).toThrow('a journal entry is never changed');
    expect(() => db.exec('DELETE FROM journal')).toThrow('the newest journal entry is never deleted');
    expect(() => db.exec("UPDATE runs SET outcome = '{}'; UPDATE runs SET outcome = '[]'")).toThrow(
      'exactly one outcome',
    );
    store.close();
  });
});

/** A transaction ends with a frame that says how large the database is after it (the WAL format of SQLite, §4.1). */
function commitsIn(walPath: string): number {
  const wal = readFileSync(walPath);
  let commits = 0;
  for (let at = 32; at < wal.length; at += 24 + wal.readUInt32BE(8)) if (wal.readUInt32BE(at + 4) > 0) commits++;
  return commits;
}

function contentsOf(db: Database.Database): Record<string, unknown[]> {
  const tables = ['units', 'journal', 'snapshots', 'timers', 'outbox', 'runs'];
  return Object.fromEntries(tables.map((table) => [table, db.prepare(`SELECT * FROM ${table}`).all()]));
}
