import type { Database } from 'better-sqlite3';
import type { UnitId } from '../machines/vocabulary.ts';
import type { Snapshot } from './rows.ts';

interface Row {
  readonly seq: number;
  readonly unit_id: string;
  readonly aseq: number;
  readonly version: number;
  readonly definition: string;
  readonly state_hash: string;
  readonly value: string;
  readonly context: string;
}

type Values = [number, string, number, number, string, string, string, string, 0 | 1];

export type Snapshots = ReturnType<typeof openSnapshots>;

const COLUMNS = 'seq, unit_id, aseq, version, definition, state_hash, value, context';

export function openSnapshots(db: Database) {
  const insert = db.prepare<Values>(`INSERT INTO snapshots (${COLUMNS}, base) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  // Two, so that one that cannot be read costs nothing but the time to fold from the other.
  const deleteOlder = db.prepare<[string, string]>(
    `DELETE FROM snapshots WHERE unit_id = ? AND base = 0 AND seq <
     (SELECT seq FROM snapshots WHERE unit_id = ? AND base = 0 ORDER BY seq DESC LIMIT 1 OFFSET 1)`,
  );
  const deleteThrough = db.prepare<[string, number]>('DELETE FROM snapshots WHERE unit_id = ? AND seq <= ?');
  const deleteUnit = db.prepare<[string]>('DELETE FROM snapshots WHERE unit_id = ?');
  const select = db.prepare<[string], Row>(`SELECT ${COLUMNS} FROM snapshots WHERE unit_id = ? ORDER BY seq DESC`);
  const selectLastAseq = db
    .prepare<[string], number | null>('SELECT max(aseq) FROM snapshots WHERE unit_id = ?')
    .pluck();

  return {
    add(snapshot: Snapshot): void {
      insert.run(...toValues(snapshot, 0));
      deleteOlder.run(snapshot.unitId, snapshot.unitId);
    },

    /** Puts a unit's base in the place of all it has up to `throughSeq`. `null`: there is nothing to put there. */
    rebase(unitId: UnitId, throughSeq: number, base: Snapshot | null): void {
      deleteThrough.run(unitId, throughSeq);
      if (base) insert.run(...toValues(base, 1));
    },

    forget: (unitId: UnitId): void => void deleteUnit.run(unitId),
    lastAseq: (unitId: UnitId): number => selectLastAseq.get(unitId) ?? 0,
    of: (unitId: UnitId): readonly (Snapshot | null)[] => select.all(unitId).map(toSnapshot),
  };
}

const toValues = (snapshot: Snapshot, base: 0 | 1): Values => [
  snapshot.seq,
  snapshot.unitId,
  snapshot.aseq,
  snapshot.version,
  snapshot.definition,
  snapshot.stateHash,
  JSON.stringify(snapshot.value),
  JSON.stringify(snapshot.context),
  base,
];

function toSnapshot(row: Row): Snapshot | null {
  try {
    return {
      unitId: row.unit_id,
      seq: row.seq,
      aseq: row.aseq,
      version: row.version,
      definition: row.definition,
      stateHash: row.state_hash,
      value: JSON.parse(row.value),
      context: JSON.parse(row.context),
    };
  } catch {
    // Only a damaged or edited file gets here. An older snapshot, or the journal itself, takes its place.
    return null;
  }
}
