import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { parseStat } from '../system/identity.ts';

/** How many files a process may have open (`RLIMIT_NOFILE`): now, and at most if it asks for more. */
export interface OpenFiles {
  readonly soft: number;
  readonly hard: number;
}

export interface Ancestor {
  readonly pid: number;
  /** The name of its executable. `null`: it belongs to somebody else. */
  readonly program: string | null;
  /** `null`: they cannot be read. */
  readonly openFiles: OpenFiles | null;
}

/** They raise their own soft limit as they start, and hand it on. */
const RAISING: ReadonlySet<string> = new Set([basename(process.execPath), 'node', 'nodejs', 'bun', 'deno', 'electron']);

/** What it has is not what it gives to those that it starts. */
const isFirst = ({ pid, program }: Ancestor): boolean => pid === 1 || program === 'systemd';

/**
 * The soft limit that a command had if it were started where we were, by a shell and not by Node. `null`: the one that
 * we have, or nobody can tell.
 *
 * Node raises its own to the hard one as it starts, and forgets what it was. Whoever started it still has that, unless
 * it is a Node itself. Never more than we have: a guess may cost a command nothing.
 */
export function limitForCommands(own: OpenFiles, ancestors: Iterable<Ancestor>): number | null {
  for (const ancestor of ancestors) {
    if (ancestor.program !== null && RAISING.has(ancestor.program)) continue;
    if (isFirst(ancestor) || ancestor.openFiles === null) return null;
    return ancestor.openFiles.soft < own.soft ? ancestor.openFiles.soft : null;
  }
  return null;
}

/** Asked once: whoever started us may end, and then nobody can tell any more. */
export function readLimitForCommands(): number | null {
  const own = openFilesOf('self');
  return own && limitForCommands(own, ancestorsOf(process.pid));
}

function* ancestorsOf(pid: number): Generator<Ancestor> {
  for (let at = parentOf(pid); at > 0; at = parentOf(at)) {
    yield { pid: at, program: programOf(at), openFiles: openFilesOf(at) };
  }
}

const parentOf = (pid: number): number => parseStat(contentOf(`/proc/${pid}/stat`))?.parentPid ?? 0;

function programOf(pid: number): string | null {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, '');
  } catch {
    return null;
  }
}

function openFilesOf(pid: number | 'self'): OpenFiles | null {
  const [, soft, hard] = /^Max open files +(\S+) +(\S+)/m.exec(contentOf(`/proc/${pid}/limits`)) ?? [];
  return soft && hard ? { soft: numberOf(soft), hard: numberOf(hard) } : null;
}

const numberOf = (limit: string): number => (limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit));

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
