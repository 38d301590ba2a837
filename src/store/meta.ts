import type { Database } from 'better-sqlite3';

/** Single values about the installation itself. */
export function openMeta(db: Database) {
  const upsert = db.prepare<[string, string]>('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)');
  const select = db.prepare<[string], string>('SELECT value FROM meta WHERE key = ?').pluck();

  return {
    get: (key: string): string | null => select.get(key) ?? null,
    set: (key: string, value: string): void => void upsert.run(key, value),
  };
}
