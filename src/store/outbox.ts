import type { Database } from 'better-sqlite3';
import type { OutboxRow } from './rows.ts';

interface Row {
  readonly seq: number;
  readonly idx: number;
  readonly unit_id: string;
  readonly command: string;
}

export type Outbox = ReturnType<typeof openOutbox>;

export function openOutbox(db: Database) {
  const insert = db.prepare<[number, number, string, string]>(
    'INSERT INTO outbox (seq, idx, unit_id, command) VALUES (?, ?, ?, ?)',
  );
  const remove = db.prepare<[number, number]>('DELETE FROM outbox WHERE seq = ? AND idx = ?');
  const select = db.prepare<[], Row>('SELECT seq, idx, unit_id, command FROM outbox ORDER BY seq, idx');
  const forgetOrphans = db.prepare<[]>('DELETE FROM outbox WHERE unit_id NOT IN (SELECT id FROM units)');

  return {
    add: ({ seq, index, unitId, command }: OutboxRow): void =>
      void insert.run(seq, index, unitId, JSON.stringify(command)),
    done: (seq: number, index: number): void => void remove.run(seq, index),
    forgetOrphans: (): void => void forgetOrphans.run(),
    /** In the order in which the commands were caused. */
    all: (): readonly OutboxRow[] => select.all().map(toOutboxRow),
  };
}

const toOutboxRow = ({ seq, idx, unit_id, command }: Row): OutboxRow => ({
  seq,
  index: idx,
  unitId: unit_id,
  command: JSON.parse(command),
});
