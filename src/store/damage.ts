import { existsSync, renameSync, statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { StoreUnopenable, StoreUnreadable, StoreUnwritable } from './errors.ts';
import { damage } from './failure.ts';

/** What the states of units are read from. The journal, which may be large, is checked only where that is cheap. */
const STATE_TABLES = ['units', 'snapshots', 'timers', 'outbox', 'runs', 'machines', 'meta'];

/** A check takes about 2 ms per MB, and holds up the event loop of our host. */
const CHECKED_WHOLE_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Looks for pages that are not what they should be.
 *
 * A damaged page in a journal that is too large to be checked is met by whoever reads it: one unit, mostly.
 *
 * @throws {StoreUnopenable} With the first thing that is wrong.
 */
export function refuseDamaged(db: Database): void {
  const isSmall = statSync(db.name).size <= CHECKED_WHOLE_BYTES_MAX;
  // A row that breaks a rule costs its unit, and not the database: whoever reads it deals with it.
  db.pragma('ignore_check_constraints = ON');
  for (const table of isSmall ? [null] : STATE_TABLES) {
    const found = db.pragma(table === null ? 'quick_check(1)' : `quick_check(${table})`, { simple: true });
    if (found === 'ok') continue;
    const failure = damage(String(found).replace(/\s+/g, ' ').trim());
    throw new StoreUnopenable({ path: db.name, failure, cause: null });
  }
  db.pragma('ignore_check_constraints = OFF');
}

/** Whether it is the database itself that is damaged: then nothing helps but another one. */
export const isDamaged = (error: unknown): boolean =>
  (error instanceof StoreUnopenable || error instanceof StoreUnreadable || error instanceof StoreUnwritable) &&
  error.failure.kind === 'damaged';

/**
 * Moves a database out of the way, with what belongs to it, and never over another one. For the holder of the state
 * directory, when nobody has it open.
 *
 * @returns Where it is now.
 */
export function setAside(path: string, suffix: string): string {
  const aside = freeName(`${path}.${suffix}`);
  // The database goes last: beside an empty one SQLite would delete what belongs to another.
  for (const part of ['-wal', '-shm', '']) if (existsSync(path + part)) renameSync(path + part, aside + part);
  return aside;
}

/** A name that nothing has yet: what was kept once stays. */
export function freeName(wanted: string): string {
  for (let count = 1; ; count++) {
    const name = count === 1 ? wanted : `${wanted}-${count}`;
    if (!existsSync(name) && !existsSync(`${name}-wal`)) return name;
  }
}
