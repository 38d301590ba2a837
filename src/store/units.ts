import type { Database } from 'better-sqlite3';
import type { UnitId, UnitKind } from '../machines/vocabulary.ts';
import type { UnitRow } from './rows.ts';

interface Row {
  readonly id: string;
  readonly kind: UnitKind;
  readonly epoch: string;
  readonly spec: string;
  readonly added_ms: number;
}

export type Units = ReturnType<typeof openUnits>;

export function openUnits(db: Database) {
  const insert = db.prepare<[number | null, string, UnitKind, string, string, number, number]>(
    'INSERT INTO units (place, id, kind, epoch, spec, added_ms, first_aseq) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const remove = db.prepare<[string], number>('DELETE FROM units WHERE id = ? RETURNING place').pluck();
  const select = db.prepare<[], Row>('SELECT id, kind, epoch, spec, added_ms FROM units ORDER BY place');
  const selectFirstAseq = db.prepare<[string], number>('SELECT first_aseq FROM units WHERE id = ?').pluck();

  return {
    /** Its timers and outbox rows go with it. Answers with its place, for a unit that takes it. */
    remove: (id: UnitId): number | null => remove.get(id) ?? null,
    add({ id, kind, epoch, spec, addedMs }: UnitRow, firstAseq: number, place: number | null): void {
      insert.run(place, id, kind, epoch, JSON.stringify(spec), addedMs, firstAseq);
    },
    all: (): readonly UnitRow[] => select.all().map(toUnit),
    /** `null`: there is no such unit. */
    firstAseq: (id: UnitId): number | null => selectFirstAseq.get(id) ?? null,
  };
}

const toUnit = ({ id, kind, epoch, spec, added_ms }: Row): UnitRow => ({
  id,
  kind,
  epoch,
  spec: JSON.parse(spec),
  addedMs: added_ms,
});
