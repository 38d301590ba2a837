import type { Database } from 'better-sqlite3';
import type { TimerName, TimerRestore, UnitId } from '../machines/vocabulary.ts';
import type { TimerRow } from './rows.ts';

interface Row {
  readonly unit_id: string;
  readonly timer: TimerName;
  readonly seq: number;
  readonly boot_id: string;
  readonly due_mono_ms: number;
  readonly due_wall_ms: number;
  readonly length_ms: number;
  readonly restore: TimerRestore;
}

export type Timers = ReturnType<typeof openTimers>;

const COLUMNS = 'unit_id, timer, seq, boot_id, due_mono_ms, due_wall_ms, length_ms, restore';

export function openTimers(db: Database) {
  const upsert = db.prepare<[string, string, number, string, number, number, number, string]>(
    `INSERT OR REPLACE INTO timers (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const remove = db.prepare<[string, string]>('DELETE FROM timers WHERE unit_id = ? AND timer = ?');
  const select = db.prepare<[], Row>(`SELECT ${COLUMNS} FROM timers ORDER BY seq, unit_id, timer`);
  const forgetOrphans = db.prepare<[]>('DELETE FROM timers WHERE unit_id NOT IN (SELECT id FROM units)');

  return {
    /** Takes the place of an earlier arming of the same timer. */
    set(row: TimerRow): void {
      const { unitId, timer, seq, bootId, dueMonoMs, dueWallMs, lengthMs, restore } = row;
      upsert.run(unitId, timer, seq, bootId, dueMonoMs, dueWallMs, lengthMs, restore);
    },
    clear: (unitId: UnitId, timer: TimerName): void => void remove.run(unitId, timer),
    forgetOrphans: (): void => void forgetOrphans.run(),
    /** Oldest arming first. */
    all: (): readonly TimerRow[] => select.all().map(toTimer),
  };
}

const toTimer = (row: Row): TimerRow => ({
  unitId: row.unit_id,
  timer: row.timer,
  seq: row.seq,
  bootId: row.boot_id,
  dueMonoMs: row.due_mono_ms,
  dueWallMs: row.due_wall_ms,
  lengthMs: row.length_ms,
  restore: row.restore,
});
