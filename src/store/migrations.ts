import type { Database } from 'better-sqlite3';
import { initial } from './migrations/0001-initial.ts';

/**
 * What brings a database from one schema version to the next: the first makes version 1, the second version 2, …
 *
 * They are modules and not `.sql` files because the published program is one bundle, which has no files beside it.
 */
export const MIGRATIONS: readonly string[] = [initial];

export const SCHEMA_VERSION = MIGRATIONS.length;

export const schemaVersion = (db: Database): number => db.pragma('user_version', { simple: true }) as number;

/** Applies what is missing, each migration in a transaction of its own. */
export function migrate(db: Database): void {
  for (const [index, sql] of MIGRATIONS.entries()) {
    db.transaction(() => {
      // Looked up under the lock: somebody else may have been faster.
      if (schemaVersion(db) > index) return;
      db.exec(sql);
      db.pragma(`user_version = ${index + 1}`);
    }).immediate();
  }
}
