import { readFileSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';

/** Everything into the database itself, as it is after a while. Whoever has it open has to read it anew. */
export function settle(path: string): Database.Database {
  const db = new Database(path);
  db.prepare(`INSERT OR REPLACE INTO meta VALUES ('settled', 'yes')`).run();
  db.pragma('wal_checkpoint(TRUNCATE)');
  return db;
}

/** Overwrites a page in the middle of a table or an index, or all of its pages. */
export function spoil(path: string, name: string, which: 'middle' | 'all' = 'middle'): void {
  const db = settle(path);
  const pages = db.prepare<[string], number>('SELECT pageno FROM dbstat WHERE name = ? ORDER BY pageno').pluck();
  const all = pages.all(name);
  const size = db.pragma('page_size', { simple: true }) as number;
  db.close();
  const spoiled = which === 'all' ? all : all.slice(Math.floor(all.length / 2)).slice(0, 1);
  for (const page of spoiled) overwrite(path, (page - 1) * size, Buffer.alloc(size, 0x5a));
}

/** In place: whoever has the file open has it still. */
export function overwrite(path: string, at: number, bytes: Buffer): void {
  const all = readFileSync(path);
  bytes.copy(all, at);
  writeFileSync(path, all, { flag: 'r+' });
}
