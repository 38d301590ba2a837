import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { refusalOf } from './errors.ts';

/** Why a file cannot be read, in words, where somebody can mend that. */
export type Unreadable =
  | 'no such file'
  | 'permission denied'
  | 'it is not a regular file'
  | 'it is larger than 64 KB'
  | 'it is not text';

const BYTES_MAX = 64 * 1024;

/**
 * A small file of UTF-8 text, whole, with its byte order mark if it has one. `refuse` makes the error to be thrown.
 *
 * @throws {LaunchRefused} What else the system may say. `what` was to be done then.
 */
export function readTextFile(path: string, what: string, refuse: (why: Unreadable) => Error): string {
  let content: Buffer | Unreadable;
  try {
    content = read(path);
  } catch (error) {
    const why = WHY[(error as NodeJS.ErrnoException).code ?? ''];
    throw why ? refuse(why) : refusalOf(what, error);
  }
  if (typeof content === 'string') throw refuse(content);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    throw refuse('it is not text');
  }
}

function read(path: string): Buffer | Unreadable {
  // A FIFO without a writer would hold us up.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) return 'it is not a regular file';
    return stat.size > BYTES_MAX ? 'it is larger than 64 KB' : readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

const WHY: Readonly<Record<string, Unreadable>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is not a regular file',
  ENXIO: 'it is not a regular file',
};
