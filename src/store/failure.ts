import Database from 'better-sqlite3';

/** Why the disk or the database refused, in words, and what to do about it. */
export interface Failure {
  /** `bug`: what was to be written is at fault, and writing it again cannot help. */
  readonly kind: 'space' | 'access' | 'busy' | 'disk' | 'damaged' | 'bug' | 'other';
  readonly reason: string;
  readonly hint: string;
}

/** The first line whose codes begin like the error's own decides. */
const FAILURES: readonly (readonly [codes: readonly string[], failure: Failure])[] = [
  [
    ['SQLITE_FULL', 'ENOSPC', 'EDQUOT'],
    { kind: 'space', reason: 'no space is left on the disk', hint: 'Free some space on it, or raise the quota.' },
  ],
  [
    ['EMFILE', 'ENFILE'],
    { kind: 'other', reason: 'too many files are open', hint: 'Close some, or raise the limit: ulimit -n.' },
  ],
  [
    ['SQLITE_READONLY', 'SQLITE_PERM', 'SQLITE_AUTH', 'EACCES', 'EPERM', 'EROFS'],
    {
      kind: 'access',
      reason: 'permission denied',
      hint: 'Give this user the right to write the file and its directory, or name another state directory.',
    },
  ],
  [
    ['SQLITE_BUSY', 'SQLITE_LOCKED'],
    {
      kind: 'busy',
      reason: 'another process keeps it locked',
      hint: 'Close what else has the database open, such as a database browser in the middle of an edit.',
    },
  ],
  [
    ['SQLITE_CORRUPT', 'SQLITE_NOTADB'],
    {
      kind: 'damaged',
      reason: 'the file is damaged',
      hint: 'The next `reeve up` keeps it aside, begins a new one, and adopts what still runs.',
    },
  ],
  [
    ['SQLITE_CANTOPEN', 'ENOENT', 'ENOTDIR'],
    {
      kind: 'access',
      reason: 'the file or its directory is not there, or cannot be opened',
      hint: 'Check that every part of its path may be entered by this user, and how many files may be open: ulimit -n.',
    },
  ],
  [
    ['SQLITE_IOERR', 'EIO'],
    { kind: 'disk', reason: 'the disk reported an error', hint: 'Look into the system log and check the disk.' },
  ],
];

/** What was to be written is such that no database takes it. */
const UNFIT = ['SQLITE_CONSTRAINT', 'SQLITE_TOOBIG', 'SQLITE_MISMATCH', 'SQLITE_RANGE'];

/** What a look at the pages has found, where SQLite itself has refused nothing yet. */
export const damage = (found: string): Failure => {
  const known = failureOf(Object.assign(new Error(found), { code: 'SQLITE_CORRUPT', syscall: 'check' }));
  return { ...known, reason: `the file is damaged (${found})` };
};

/** Reads an error of SQLite or of the file system. */
export function failureOf(error: unknown): Failure {
  const { code, message } = codeOf(error);
  if (UNFIT.some((prefix) => code.startsWith(prefix))) {
    const hint = 'This is a bug in reeve. Please report it with the words above.';
    return { kind: 'bug', reason: `it would break a rule of the store (${message})`, hint };
  }
  // A column that the database took for valid JSON was changed behind its back.
  if (error instanceof SyntaxError) {
    return { kind: 'damaged', reason: `it holds text that is no JSON (${message})`, hint: 'Restore it from a backup.' };
  }
  const known = FAILURES.find(([codes]) => codes.some((prefix) => code.startsWith(prefix)))?.[1];
  if (known) return { ...known, reason: `${known.reason} (${code})` };
  return { kind: 'other', reason: message, hint: 'Check the file and the disk that holds it.' };
}

/** Whether an error is the outside's doing. Anything else is a bug of ours and keeps its own shape. */
export const isOutside = (error: unknown): boolean => codeOf(error).code !== '' || error instanceof SyntaxError;

function codeOf(error: unknown): { code: string; message: string } {
  if (error instanceof Database.SqliteError) return { code: error.code, message: error.message };
  if (!(error instanceof Error)) return { code: '', message: String(error) };
  const errno = 'code' in error && 'syscall' in error && typeof error.code === 'string' ? error.code : '';
  return { code: errno, message: error.message };
}
