import { readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import * as Data from 'effect/Data';
import type { ProcessIdentity } from '../machines/vocabulary.ts';
import { createPrivateFile } from './file.ts';

/** Who works on a state directory. */
export interface Holder {
  readonly pid: number;
  readonly identity: ProcessIdentity | null;
  readonly sinceMs: number;
}

/** Another orchestrator works on this state directory. Reading it stays possible. */
export class StateDirBusy extends Data.TaggedError('StateDirBusy')<{
  readonly stateDir: string;
  readonly holder: Holder | null;
}> {
  override get message(): string {
    const who = this.holder ? `process ${this.holder.pid}` : 'another process';
    return `Cannot open ${this.stateDir}: ${who} is already orchestrating there.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return 'Talk to it (`reeve status`, `reeve down`), or choose another state directory.';
  }
}

/** Somebody who only looks whether the lock is held, or SQLite itself, may have it for a moment. */
const MOMENT_MS = 500;

/**
 * Takes the state directory for this process (I10). Returns how to let it go.
 *
 * The lock is the operating system's, by way of SQLite: it ends with its holder however that dies, so a dead holder
 * stops nobody, and nothing has to be guessed from a pid in a file. The file beside it only tells people who holds it.
 *
 * @throws {StateDirBusy}
 */
export function lockStateDir(stateDir: string, holder: Holder): () => void {
  const lock = grab(stateDir, MOMENT_MS);
  if (!lock) throw new StateDirBusy({ stateDir, holder: readHolder(stateDir) });
  const path = join(stateDir, HOLDER);
  const draft = `${path}.${holder.pid}`;
  try {
    writeFileSync(draft, JSON.stringify(holder), { mode: 0o600 });
    renameSync(draft, path);
  } catch (error) {
    lock.close();
    throw error;
  }
  return () => {
    rmSync(path, { force: true });
    lock.close();
  };
}

/** Who orchestrates there now; `null`: nobody does. */
export function holderOf(stateDir: string): Holder | null {
  const holder = readHolder(stateDir);
  // Only its holder removes the file, so after a crash it is still there: the lock tells.
  if (!holder) return null;
  const lock = grab(stateDir, 0);
  lock?.close();
  return lock ? null : holder;
}

const HOLDER = 'holder.json';

function grab(stateDir: string, timeoutMs: number): Database.Database | null {
  const path = join(stateDir, 'lock.db');
  createPrivateFile(path);
  const db = new Database(path, { timeout: timeoutMs });
  try {
    db.exec('BEGIN EXCLUSIVE');
    return db;
  } catch (error) {
    db.close();
    const code = error instanceof Database.SqliteError ? error.code : '';
    if (code.startsWith('SQLITE_BUSY')) return null;
    const holdsBytes = statSync(path).size > 0;
    if (!holdsBytes || !DAMAGED.test(code)) throw error;
    // It is never written to, so what is in it is somebody's mistake. Who can read it knows that nobody holds it.
    truncateSync(path);
    return grab(stateDir, timeoutMs);
  }
}

const DAMAGED = /^SQLITE_(?:NOTADB|CORRUPT)/;

function readHolder(stateDir: string): Holder | null {
  try {
    return JSON.parse(readFileSync(join(stateDir, HOLDER), 'utf8')) as Holder;
  } catch {
    return null;
  }
}
