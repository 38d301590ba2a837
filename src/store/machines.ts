import type { Database } from 'better-sqlite3';
import type { MachineRow } from './rows.ts';

interface Row {
  readonly definition: string;
  readonly machine: string;
  readonly version: number;
  readonly graph: string;
}

export function openMachines(db: Database) {
  const insert = db.prepare<[string, string, number, string]>(
    'INSERT OR IGNORE INTO machines (definition, machine, version, graph) VALUES (?, ?, ?, ?)',
  );
  const count = db.prepare<[string], number>('SELECT count(*) FROM machines WHERE definition = ?').pluck();
  const selectAll = db.prepare<[], Row>('SELECT definition, machine, version, graph FROM machines ORDER BY rowid');

  return {
    /** A definition is named by its own hash: remembering it twice changes nothing. */
    remember: ({ definition, machine, version, graph }: MachineRow): void =>
      void insert.run(definition, machine, version, JSON.stringify(graph)),
    knows: (definition: string): boolean => count.get(definition) === 1,
    all: (): readonly MachineRow[] => selectAll.all().map((row) => ({ ...row, graph: JSON.parse(row.graph) })),
  };
}
