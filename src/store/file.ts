import { chmodSync, closeSync, existsSync, fchmodSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { NotAStore, StoreUnopenable } from './errors.ts';
import { damage } from './failure.ts';

/** `reev` in ASCII, at offset 68 of the file: tells our databases from all others. */
export const APPLICATION_ID = 0x72656576;

const HEADER_BYTES = 100;
/** Where the schema is, in a file that begins with other bytes than it should. */
const LOOKED_THROUGH_BYTES = 64 * 1024;
/** Words of our schema, and of no other. */
const OUR_WORDS = 'journal_keeps_its_newest';
const MAGIC = 'SQLite format 3\0';

/**
 * What is at a path, told from its first bytes: SQLite would already leave files beside a stranger's database.
 *
 * @throws {NotAStore} Neither ours nor empty.
 * @throws {StoreUnopenable} Ours, but damaged where it begins.
 */
export function inspectFile(path: string): 'missing' | 'empty' | 'store' {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return 'missing';
  if (stat.isDirectory()) throw new NotAStore({ path, why: 'it is a directory' });
  if (!stat.isFile()) throw new NotAStore({ path, why: 'it is not a regular file' });
  if (stat.size === 0) return 'empty';
  const header = readBeginning(path, HEADER_BYTES);
  const isDatabase = header.toString('latin1', 0, MAGIC.length) === MAGIC;
  const isOurs = header.length === HEADER_BYTES && header.readInt32BE(68) === APPLICATION_ID;
  if (isDatabase && isOurs) return 'store';
  if (wasOurs(path, { header, isDatabase, isOurs })) {
    throw new StoreUnopenable({ path, failure: damage('it does not begin as it should'), cause: null });
  }
  // Ours have their id from their first byte on: it is written before anything else, and not by way of the WAL.
  const why = isDatabase ? 'it is a SQLite database of another program' : 'it is not a SQLite database';
  throw new NotAStore({ path, why });
}

interface Beginning {
  readonly header: Buffer;
  readonly isDatabase: boolean;
  readonly isOurs: boolean;
}

/** Cut off in its header, overwritten there, or full of the zeros that a file system leaves after a power cut. */
function wasOurs(path: string, { header, isDatabase, isOurs }: Beginning): boolean {
  if (isDatabase) return header.length < HEADER_BYTES;
  return isOurs || header.every((byte) => byte === 0) || readBeginning(path, LOOKED_THROUGH_BYTES).includes(OUR_WORDS);
}

function readBeginning(path: string, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  const file = openSync(path, 'r');
  try {
    return buffer.subarray(0, readSync(file, buffer, 0, bytes, 0));
  } finally {
    closeSync(file);
  }
}

/**
 * Makes an empty file that only its owner may read (I8), with the directories it needs.
 *
 * SQLite gives the files it adds beside a database the mode of the database.
 */
export function createPrivateFile(path: string): void {
  createPrivateDirectory(dirname(path));
  const file = openSync(path, 'a', 0o600);
  try {
    // A umask takes bits away, also those of the owner.
    fchmodSync(file, 0o600);
  } finally {
    closeSync(file);
  }
}

function createPrivateDirectory(path: string): void {
  if (existsSync(path)) return;
  createPrivateDirectory(dirname(path));
  mkdirSync(path, { mode: 0o700 });
  chmodSync(path, 0o700);
}

/** For a store that was copied, restored, or made by hand. */
export function makePrivate(path: string): void {
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
}
