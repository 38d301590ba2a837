import type { Database } from 'better-sqlite3';
import { SUPERVISOR } from '../machines/supervisor.ts';
import type { UnitId } from '../machines/vocabulary.ts';
import type { Journal } from './journal.ts';
import { stateThrough } from './projections/states.ts';
import type { Retention, Trimmed } from './rows.ts';
import type { Runs } from './runs.ts';
import type { Snapshots } from './snapshots.ts';
import type { Units } from './units.ts';

interface Parts {
  readonly journal: Journal;
  readonly snapshots: Snapshots;
  readonly units: Units;
  readonly runs: Runs;
}

/** One call must not hold up the event loop: a long overdue trim takes several. */
const BATCH_ENTRIES = 1_000;

/**
 * Deletes the oldest entries of the journal, as far as the limits ask for it.
 *
 * 1. What goes is a beginning of the journal, so that what stays has no holes.
 * 2. Before entries of a unit go, the state they led to is kept as the unit's base: it can be recovered as before, and
 *    all of its history that stays can be replayed.
 * 3. The newest entry stays, so that its `seq` is never used again.
 */
export function openRetention(db: Database, { journal, snapshots, units, runs }: Parts) {
  const selectOldest = db.prepare<[], number | null>('SELECT min(seq) FROM journal').pluck();
  // Passes only what is about to be deleted. After a jump of the wall clock, entries wait behind one from the future.
  const selectFirstYoung = db
    .prepare<[number], number>('SELECT seq FROM journal WHERE at_ms >= ? ORDER BY seq LIMIT 1')
    .pluck();
  const selectBatchEnd = db.prepare<[number], number>('SELECT seq FROM journal ORDER BY seq LIMIT 1 OFFSET ?').pluck();
  // `+` keeps SQLite from walking all of the unit's index to find the few that have entries here.
  const selectTouched = db.prepare<[number], UnitId>('SELECT DISTINCT +unit_id FROM journal WHERE seq <= ?').pluck();
  const deleteThrough = db.prepare<[number]>('DELETE FROM journal WHERE seq <= ?');
  const selectUsedBytes = db
    .prepare<[], number>(
      `SELECT (page_count - freelist_count) * page_size
       FROM pragma_page_count, pragma_freelist_count, pragma_page_size`,
    )
    .pluck();

  /** The last entry that has to go; 0: none. */
  function lastExpired({ maxAgeMs, minEntries = 0, maxEntries, maxBytes, nowMs }: Retention): number {
    const oldest = selectOldest.get() ?? null;
    if (oldest === null) return 0;
    const newest = journal.lastSeq();
    const byAge = Math.min((selectFirstYoung.get(nowMs - maxAgeMs) ?? newest) - 1, newest - minEntries);
    const byCount = newest - maxEntries;
    const usedBytes = selectUsedBytes.get() ?? 0;
    const entries = newest - oldest + 1;
    // By their mean size. Pages are freed only whole, so the next call corrects what this one misses.
    const byBytes = usedBytes > maxBytes ? oldest - 1 + Math.ceil(entries * (1 - maxBytes / usedBytes)) : 0;
    const last = Math.min(Math.max(byAge, byCount, byBytes), newest - 1);
    return last >= oldest ? last : 0;
  }

  function carry(unitId: UnitId, throughSeq: number): void {
    const firstAseq = unitId === SUPERVISOR ? 1 : units.firstAseq(unitId);
    if (firstAseq === null) return;
    const base = stateThrough({ snapshots: snapshots.of, journal: journal.read }, { unitId, firstAseq, throughSeq });
    // A state that cannot be told leaves nothing: a snapshot whose later entries are gone would be taken for the last.
    snapshots.rebase(unitId, throughSeq, 'reason' in base ? null : base);
  }

  return db.transaction((limits: Retention): Trimmed => {
    const expired = lastExpired(limits);
    if (expired === 0) return { entries: 0, runs: 0, more: false };
    const throughSeq = Math.min(expired, selectBatchEnd.get(BATCH_ENTRIES - 1) ?? expired);
    for (const unitId of selectTouched.all(throughSeq)) carry(unitId, throughSeq);
    const { changes } = deleteThrough.run(throughSeq);
    return { entries: changes, runs: runs.deleteEnded(throughSeq), more: throughSeq < expired };
  }).immediate;
}
