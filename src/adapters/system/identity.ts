import { closeSync, constants, openSync, readFileSync, readlinkSync } from 'node:fs';
import type { ProcessIdentity } from '../../machines/vocabulary.ts';

/** One line of `/proc/PID/stat` (proc(5)). */
export interface ProcessStat {
  readonly pid: number;
  readonly name: string;
  readonly state: string;
  readonly parentPid: number;
  readonly groupId: number;
  readonly sessionId: number;
  readonly startTicks: string;
}

/** `unverifiable`: it may live, but from here nobody can say that it is the one that is meant. */
export type Condition = 'running' | 'stopped' | 'gone' | 'unverifiable';

/** The boot and the pid namespace that pids mean something in. */
export interface World {
  readonly bootId: string;
  readonly pidNamespace: string;
}

let world: World | undefined;

/** Where this process lives. Neither part can change while it runs. */
export function localWorld(): World {
  world ??= {
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    pidNamespace: readlinkSync('/proc/self/ns/pid'),
  };
  return world;
}

/** Names may hold spaces and brackets, as in `a) b (c`: fields are counted from the last bracket. */
export function parseStat(text: string): ProcessStat | null {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 1 || close < open) return null;
  const [state, parentPid, groupId, sessionId, ...rest] = text.slice(close + 2).split(' ');
  const startTicks = rest[15];
  if (!state || startTicks === undefined || !/^\d+$/.test(startTicks)) return null;
  return {
    pid: Number(text.slice(0, open)),
    name: text.slice(open + 1, close),
    state,
    parentPid: Number(parentPid),
    groupId: Number(groupId),
    sessionId: Number(sessionId),
    startTicks,
  };
}

/** A zombie has ended: it only waits for its parent to ask how. */
export const isDead = ({ state }: ProcessStat): boolean => state === 'Z' || state === 'X' || state === 'x';
export const isStopped = ({ state }: ProcessStat): boolean => state === 'T' || state === 't';

export function identityOf({ pid, startTicks }: Pick<ProcessStat, 'pid' | 'startTicks'>): ProcessIdentity {
  return { ...localWorld(), pid, startTicks };
}

/** Who has this pid now. `null`: nobody alive. */
export function identify(pid: number): ProcessIdentity | null {
  const stat = readStat(`/proc/${pid}/stat`);
  return stat === 'unreadable' || stat === null || isDead(stat) ? null : identityOf(stat);
}

/** What is true of exactly this process now. */
export function conditionOf(identity: ProcessIdentity): Condition {
  return withPinned(identity, ({ condition }) => condition);
}

export function isAlive(identity: ProcessIdentity): boolean {
  const condition = conditionOf(identity);
  return condition === 'running' || condition === 'stopped';
}

export interface Pinned {
  readonly condition: Condition;
  /** `null` unless the process lives and is the one that is meant. */
  readonly stat: ProcessStat | null;
}

/**
 * Calls `use` with what is true of a process, while holding on to it.
 *
 * The process is read through an open `/proc/PID` directory. Once the process is dead that descriptor says ESRCH for
 * ever, also after its pid was given to somebody else; so what was read is about one process, and no other.
 */
export function withPinned<T>(identity: ProcessIdentity, use: (pinned: Pinned) => T): T {
  const { bootId, pidNamespace } = localWorld();
  if (identity.bootId !== bootId) return use(GONE);
  if (identity.pidNamespace !== pidNamespace) return use(UNVERIFIABLE);
  let directory: number;
  try {
    directory = openSync(`/proc/${identity.pid}`, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    return use(hasVanished(error) ? GONE : UNVERIFIABLE);
  }
  try {
    const stat = readStat(`/proc/self/fd/${directory}/stat`);
    if (stat === 'unreadable') return use(UNVERIFIABLE);
    if (stat === null || stat.startTicks !== identity.startTicks || isDead(stat)) return use(GONE);
    return use({ condition: isStopped(stat) ? 'stopped' : 'running', stat });
  } finally {
    closeSync(directory);
  }
}

const GONE: Pinned = { condition: 'gone', stat: null };
const UNVERIFIABLE: Pinned = { condition: 'unverifiable', stat: null };

/** `null`: no such process. `unreadable`: there may be one, but we are short of descriptors or of rights. */
function readStat(path: string): ProcessStat | 'unreadable' | null {
  try {
    return parseStat(readFileSync(path, 'utf8')) ?? 'unreadable';
  } catch (error) {
    return hasVanished(error) ? null : 'unreadable';
  }
}

function hasVanished(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ESRCH';
}
