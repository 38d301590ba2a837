/** Where histories come from: files, packed or not, and state directories. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  openSync,
  readSync,
  type Stats,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import pkg from '../../package.json' with { type: 'json' };
import { NotATrace, TraceUnreadable } from '../store/replay/errors.ts';
import type { History, HistoryFault } from '../store/replay/history.ts';
import { historyOf } from '../store/replay/store-history.ts';
import { traceOf } from '../store/replay/trace-file.ts';
import type { Store } from '../store/rows.ts';
import { openStore } from '../store/store.ts';
import { STORE_FILE } from './open.ts';

export interface TraceSource {
  readonly history: History;
  /** `null`: it is a file. */
  readonly stateDir: string | null;
  readonly store: Store | null;
}

/** Opens what is at a path. What is packed, or a pipe, goes into a file without a name, gone when it is closed. */
export async function openSource(path: string, allowDamaged: boolean): Promise<TraceSource> {
  const found = statOf(path);
  if (found.isDirectory()) return openDirectory(path);
  const file = found.isFile() ? openFile(path) : await gather(path, found);
  if (!isPacked(file)) return { history: traceOf(file, { path, allowDamaged }), stateDir: null, store: null };
  const { unpacked, faults } = await unpack(path, file);
  return { history: traceOf(unpacked, { path, allowDamaged, faults }), stateDir: null, store: null };
}

function openDirectory(stateDir: string): TraceSource {
  const store = openStore({ path: join(stateDir, STORE_FILE), readonly: true });
  try {
    const project = store.meta('project') ?? basename(stateDir);
    const history = historyOf(store, { project, version: pkg.version, nowMs: Date.now() });
    return { history, stateDir, store };
  } catch (error) {
    store.close();
    throw error;
  }
}

function statOf(path: string) {
  try {
    return statSync(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** By its first two bytes, not by its name: files are renamed. */
function isPacked(file: number): boolean {
  const magic = Buffer.alloc(2);
  readSync(file, magic, 0, 2, 0);
  return magic[0] === 0x1f && magic[1] === 0x8b;
}

/** A pipe is read once, and a history in any order. */
async function gather(path: string, found: Stats): Promise<number> {
  if (!found.isFIFO() && !found.isSocket()) throw new NotATrace({ path, why: 'it is neither a file nor a pipe' });
  const file = unnamedFile();
  try {
    await pipeline(path === STDIN ? process.stdin : createReadStream(path), into(file));
    return file;
  } catch (error) {
    closeSync(file);
    throw unreadable(path, error);
  }
}

/** Where a process finds its own standard input. */
const STDIN = '/dev/stdin';

/** Closes the packed file. */
async function unpack(
  path: string,
  packed: number,
): Promise<{ readonly unpacked: number; readonly faults: readonly HistoryFault[] }> {
  const unpacked = unnamedFile();
  try {
    await pipeline(createReadStream(path, { fd: packed, start: 0 }), createGunzip(), into(unpacked));
    return { unpacked, faults: [] };
  } catch (error) {
    const { code = '' } = error as { readonly code?: string };
    // What could be unpacked is there, and can be read if damaged traces are allowed.
    if (code.startsWith('Z_')) {
      const message = 'its packed form breaks off, or was changed';
      return { unpacked, faults: [{ what: 'incomplete', line: null, message }] };
    }
    closeSync(unpacked);
    throw unreadable(path, error);
  }
}

function unnamedFile(): number {
  const place = join(tmpdir(), `reeve-trace-${randomBytes(9).toString('base64url')}`);
  const file = openSync(place, 'wx+', 0o600);
  unlinkSync(place);
  return file;
}

const into = (file: number) => async (pieces: AsyncIterable<Buffer>) => {
  for await (const piece of pieces) writeFileSync(file, piece);
};

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is nothing at this path',
  EACCES: 'permission denied',
  ENOSPC: 'no space is left for unpacking it',
};

function unreadable(path: string, cause: unknown): TraceUnreadable {
  const { code = '', message = '' } = cause as { readonly code?: string; readonly message?: string };
  return new TraceUnreadable({ path, reason: REASONS[code] ?? message, cause });
}
