import { chmodSync, closeSync, existsSync, fchmodSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { NotAStore } from './errors.ts';

/** `reev` in ASCII, at offset 68 of the file: tells our databases from all others. */
export const APPLICATION_ID = 0x72656576;

const HEADER_BYTES = 100;
const MAGIC = 'SQLite format 3\0';

/**
 * What is at a path, told from its first bytes: SQLite would already leave files beside a stranger's database.
 *
 * @throws {NotAStore} Neither ours nor empty.
 */
export function inspectFile(path: string): 'missing' | 'empty' | 'store' {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return 'missing';
  if (stat.isDirectory()) throw new NotAStore({ path, why: 'it is a directory' });
  if (!stat.isFile()) throw new NotAStore({ path, why: 'it is not a regular file' });
  if (stat.size === 0) return 'empty';
  const header = readHeader(path);
  if (header.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    throw new NotAStore({ path, why: 'it is not a SQLite database' });
  }
  // Ours have their id from their first byte on: it is written before anything else, and not by way of the WAL.
  if (header.readInt32BE(68) !== APPLICATION_ID) {
    throw new NotAStore({ path, why: 'it is a SQLite database of another program' });
  }
  return 'store';
}

function readHeader(path: string): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const file = openSync(path, 'r');
  try {
    readSync(file, header, 0, HEADER_BYTES, 0);
  } finally {
    closeSync(file);
  }
  return header;
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
