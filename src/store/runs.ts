import type { Database } from 'better-sqlite3';
import type { Outcome } from '../machines/outcome.ts';
import type { Handle, RunId, UnitId } from '../machines/vocabulary.ts';
import type { RunRow, Tick } from './rows.ts';

interface Row {
  readonly run_id: string;
  readonly unit_id: string;
  readonly generation: number;
  readonly ordered_seq: number;
  readonly ordered_ms: number;
  readonly handle: string | null;
  readonly started_ms: number | null;
  readonly outcome: string | null;
}

export type Runs = ReturnType<typeof openRuns>;

const COLUMNS = 'run_id, unit_id, generation, ordered_seq, ordered_ms, handle, started_ms, outcome';

export function openRuns(db: Database) {
  const insert = db.prepare<[string, string, number, number, number]>(
    'INSERT INTO runs (run_id, unit_id, generation, ordered_seq, ordered_ms) VALUES (?, ?, ?, ?, ?)',
  );
  const start = db.prepare<[string, number, string]>('UPDATE runs SET handle = ?, started_ms = ? WHERE run_id = ?');
  // The first outcome stays, whoever reports a second one (I3).
  const end = db.prepare<[string, string]>('UPDATE runs SET outcome = ? WHERE run_id = ? AND outcome IS NULL');
  const select = db.prepare<[string], Row>(`SELECT ${COLUMNS} FROM runs WHERE run_id = ?`);
  const selectUnit = db.prepare<[string], Row>(
    `SELECT ${COLUMNS} FROM runs WHERE unit_id = ? ORDER BY ordered_seq DESC, generation DESC`,
  );
  const selectOpen = db.prepare<[], Row>(`SELECT ${COLUMNS} FROM runs WHERE outcome IS NULL ORDER BY ordered_seq`);
  const selectIds = db.prepare<[], RunId>('SELECT run_id FROM runs').pluck();
  // The last run of a unit is part of its status, however long ago it was.
  const deleteEnded = db.prepare<[number]>(
    `DELETE FROM runs WHERE ordered_seq <= ? AND outcome IS NOT NULL AND NOT EXISTS (
       SELECT 1 FROM units WHERE id = runs.unit_id
       AND runs.ordered_seq = (SELECT max(ordered_seq) FROM runs AS newer WHERE newer.unit_id = runs.unit_id))`,
  );

  return {
    order({ runId, unitId, generation, orderedSeq, orderedMs }: Tick['runsOrdered'][number]): void {
      insert.run(runId, unitId, generation, orderedSeq, orderedMs);
    },
    start(runId: RunId, handle: Handle, startedMs: number): void {
      start.run(JSON.stringify(handle), startedMs, runId);
    },
    end: (runId: RunId, outcome: Outcome): void => void end.run(JSON.stringify(outcome), runId),
    get(runId: RunId): RunRow | null {
      const row = select.get(runId);
      return row ? toRun(row) : null;
    },
    of: (unitId: UnitId): readonly RunRow[] => selectUnit.all(unitId).map(toRun),
    ids: (): readonly RunId[] => selectIds.all(),
    open: (): readonly RunRow[] => selectOpen.all().map(toRun),
    /** @returns How many were deleted. */
    deleteEnded: (throughSeq: number): number => deleteEnded.run(throughSeq).changes,
  };
}

const toRun = (row: Row): RunRow => ({
  runId: row.run_id,
  unitId: row.unit_id,
  generation: row.generation,
  orderedSeq: row.ordered_seq,
  orderedMs: row.ordered_ms,
  handle: row.handle === null ? null : JSON.parse(row.handle),
  startedMs: row.started_ms,
  outcome: row.outcome === null ? null : JSON.parse(row.outcome),
});
