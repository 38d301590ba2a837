import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import Database from 'better-sqlite3';
import { refuseDamaged } from './damage.ts';
import { SchemaTooNew, SchemaTooOld, StoreMissing, StoreUnopenable } from './errors.ts';
import { failureOf, isOutside } from './failure.ts';
import { APPLICATION_ID, createPrivateFile, inspectFile, makePrivate } from './file.ts';
import { migrate, SCHEMA_VERSION, schemaVersion } from './migrations.ts';

/** `process-crash`: a SIGKILL of ours loses nothing. `power-loss`: neither does a failure of the machine. */
export type Durability = 'process-crash' | 'power-loss';

export interface DatabaseOptions {
  /** A file, or `:memory:`. */
  readonly path: string;
  /** @default 'process-crash' */
  readonly durability?: Durability;
  /** For a look at the files where no orchestrator runs. Changes nothing, and never waits for a writer. */
  readonly readonly?: boolean;
}

/** How long somebody else's lock may hold us up. It blocks the event loop, which is our host's. */
const BUSY_MS = 500;
const WAL_KEPT_BYTES = 4 * 1024 * 1024;

/**
 * Opens the database, makes it if need be, and brings its schema up to date.
 *
 * @throws {NotAStore | SchemaTooNew | StoreUnopenable} and, when only reading: {StoreMissing | SchemaTooOld}. Whatever
 * is not ours, or newer than we are, is left as it was.
 */
export function openDatabase(options: DatabaseOptions): Database.Database {
  const memory = options.path === ':memory:';
  const path = memory ? options.path : resolve(options.path);
  let db: Database.Database | undefined;
  try {
    if (options.readonly) {
      if (inspectFile(path) !== 'store') throw new StoreMissing({ path });
      db = new Database(path, { readonly: true, fileMustExist: true, timeout: BUSY_MS });
      refuseOlder(db, path);
    } else {
      if (!memory) preparePath(path);
      if (existsSync(`${path}-wal`)) refuseNewerUnchanged(path);
      db = new Database(path, { timeout: BUSY_MS });
      if (!memory) claim(db);
    }
    refuseNewer(db, path);
    if (!options.readonly) {
      configure(db, options.durability ?? 'process-crash');
      if (!memory) refuseDamaged(db);
      migrate(db);
    }
    return db;
  } catch (error) {
    db?.close();
    if (isOutside(error)) throw new StoreUnopenable({ path, failure: failureOf(error), cause: error });
    throw error;
  }
}

function preparePath(path: string): void {
  if (inspectFile(path) === 'missing') createPrivateFile(path);
  makePrivate(path);
}

/** Writes our name into an empty file, before the WAL exists, so that the file itself says whose it is. */
function claim(db: Database.Database): void {
  db.transaction(() => {
    if (db.pragma('application_id', { simple: true }) === 0) db.pragma(`application_id = ${APPLICATION_ID}`);
  }).immediate();
}

/** Whoever may write also copies a WAL into its database when it closes it: only a reader leaves both as they are. */
function refuseNewerUnchanged(path: string): void {
  const db = new Database(path, { readonly: true, timeout: BUSY_MS });
  try {
    refuseNewer(db, path);
  } finally {
    db.close();
  }
}

function refuseNewer(db: Database.Database, path: string): void {
  const version = schemaVersion(db);
  if (version > SCHEMA_VERSION) throw new SchemaTooNew({ path, version, ours: SCHEMA_VERSION });
}

function refuseOlder(db: Database.Database, path: string): void {
  const version = schemaVersion(db);
  if (version < SCHEMA_VERSION) throw new SchemaTooOld({ path, version, ours: SCHEMA_VERSION });
}

function configure(db: Database.Database, durability: Durability): void {
  db.pragma('journal_mode = WAL');
  db.pragma(`synchronous = ${durability === 'power-loss' ? 'FULL' : 'NORMAL'}`);
  // Without it, macOS answers before the disk has written.
  db.pragma(`fullfsync = ${durability === 'power-loss' ? 'ON' : 'OFF'}`);
  db.pragma('foreign_keys = ON');
  // A WAL that one large transaction or one slow reader made long becomes short again.
  db.pragma(`journal_size_limit = ${WAL_KEPT_BYTES}`);
}
