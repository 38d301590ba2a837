import type { Database } from 'better-sqlite3';
import type { UnitId } from '../machines/vocabulary.ts';
import type { Entry, JournalQuery } from './rows.ts';

interface Row {
  readonly seq: number;
  readonly unit_id: string;
  readonly aseq: number;
  readonly at_ms: number;
  readonly mono_ms: number;
  readonly cause: number | null;
  readonly event: string;
  readonly value: string;
  readonly patch: string;
  readonly commands: string;
  readonly version: number;
  readonly definition: string;
  readonly state_hash: string;
}

export type Journal = ReturnType<typeof openJournal>;

const COLUMNS =
  'seq, unit_id, aseq, at_ms, mono_ms, cause, event, value, patch, commands, version, definition, state_hash';

/** Large enough that a page costs little more than its rows, small enough that a reader holds little. */
const PAGE_ROWS = 256;
const NO_LIMIT = Number.MAX_SAFE_INTEGER;

/** The append-only record that every other table could be derived from. */
export function openJournal(db: Database) {
  const insert = db.prepare<unknown[]>(
    `INSERT INTO journal (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const selectLastSeq = db.prepare<[], number | null>('SELECT max(seq) FROM journal').pluck();
  const selectLastAseq = db.prepare<[string], number | null>('SELECT max(aseq) FROM journal WHERE unit_id = ?').pluck();
  const selectUnits = db.prepare<[], UnitId>('SELECT unit_id FROM journal GROUP BY unit_id ORDER BY min(seq)').pluck();
  const selectPage = db.prepare<[number, number, number], Row>(
    `SELECT ${COLUMNS} FROM journal WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?`,
  );
  const selectUnitPage = db.prepare<[string, number, number, number], Row>(
    `SELECT ${COLUMNS} FROM journal WHERE unit_id = ? AND aseq > ? AND +seq <= ? ORDER BY aseq LIMIT ?`,
  );
  // Few among many: SQLite looks into the events, so that nothing else of them has to be read.
  const selectBirths = db.prepare<[string, number, number, number], Row>(
    `SELECT ${COLUMNS} FROM journal WHERE unit_id = ? AND aseq > ? AND +seq <= ?
     AND event ->> 'type' IN ('unit.added', 'unit.released') ORDER BY aseq LIMIT ?`,
  );
  // Backwards from the end of the unit's index, which holds both numbers: it passes only what is read afterwards.
  const selectAseqAt = db
    .prepare<[string, number], number>(
      'SELECT aseq FROM journal WHERE unit_id = ? AND +seq <= ? ORDER BY aseq DESC LIMIT 1',
    )
    .pluck();

  const aseqAt = (unitId: UnitId, seq: number): number => (seq <= 0 ? 0 : (selectAseqAt.get(unitId, seq) ?? 0));

  return {
    append(entry: Entry): void {
      insert.run(
        entry.seq,
        entry.unitId,
        entry.aseq,
        entry.atMs,
        entry.monoMs,
        entry.cause,
        JSON.stringify(entry.event),
        JSON.stringify(entry.value),
        JSON.stringify(entry.patch),
        JSON.stringify(entry.commands),
        entry.version,
        entry.definition,
        entry.stateHash,
      );
    },

    lastSeq: (): number => selectLastSeq.get() ?? 0,
    lastAseq: (unitId: UnitId): number => selectLastAseq.get(unitId) ?? 0,
    units: (): readonly UnitId[] => selectUnits.all(),

    /** Page by page: a cursor that stays open while its reader thinks would make every write fail. */
    *read(query: JournalQuery = {}): Generator<Entry> {
      const { unitId, afterSeq = 0, throughSeq = NO_LIMIT, births = false, limit = NO_LIMIT } = query;
      const ofUnit = births ? selectBirths : selectUnitPage;
      let after = unitId === undefined ? afterSeq : aseqAt(unitId, afterSeq);
      for (let left = limit; left > 0; ) {
        const rows = Math.min(left, PAGE_ROWS);
        const page =
          unitId === undefined ? selectPage.all(after, throughSeq, rows) : ofUnit.all(unitId, after, throughSeq, rows);
        for (const row of page) yield toEntry(row);
        const last = page.at(-1);
        if (!last || page.length < rows) return;
        after = unitId === undefined ? last.seq : last.aseq;
        left -= page.length;
      }
    },
  };
}

function toEntry(row: Row): Entry {
  return {
    seq: row.seq,
    unitId: row.unit_id,
    aseq: row.aseq,
    atMs: row.at_ms,
    monoMs: row.mono_ms,
    cause: row.cause,
    event: JSON.parse(row.event),
    value: JSON.parse(row.value),
    patch: JSON.parse(row.patch),
    commands: JSON.parse(row.commands),
    version: row.version,
    definition: row.definition,
    stateHash: row.state_hash,
  };
}
