import { existsSync } from 'node:fs';
import type { ExitReport, Handle, ProcessIdentity } from '../../machines/vocabulary.ts';
import { conditionOf, isAlive } from '../system/identity.ts';
import { type GuardianWord, guardianWordOn } from './guardian-policy.ts';
import { isHeld } from './liveness.ts';
import { type RunRecord, readRecord } from './record.ts';
import { claimedAtMs, type RunPaths } from './run-directory.ts';

/** A run that was launched: how to find it, and since when. */
export interface Launched {
  readonly handle: Handle;
  readonly startedMs: number | null;
}

export type Verdict =
  /** Nothing is known of it here. */
  | { readonly is: 'missing' }
  /** Prepared, and nobody has claimed it yet. */
  | { readonly is: 'unclaimed' }
  /** Somebody claimed it and is there, but has not said who the command is. */
  | { readonly is: 'claimed' }
  /** It never ran and never will. `refused`: its launcher could not start it, in these words. */
  | { readonly is: 'never-ran'; readonly refused: string | null }
  | ({ readonly is: 'alive' } & Launched)
  | ({ readonly is: 'ended'; readonly exit: ExitReport } & Launched)
  /** It ran, is gone, and left no record. */
  | ({ readonly is: 'lost' } & Launched);

/**
 * What is true of a run, from its directory and the process table alone: the same answer for whoever asks.
 *
 * Who is dead is asked before what is written. The other way round a launcher could write in between.
 */
export function verdictOn(paths: RunPaths, handle: Handle | null): Verdict {
  const before = readRecord(paths.record);
  const child = before?.child ?? handle?.identity ?? null;
  if (before?.exit) return settled(paths, before, child);
  if (child === null ? mayBegin(paths, before) : mayLive(paths, before, child)) {
    return child === null ? waiting(paths) : { is: 'alive', ...launched(paths, child, before) };
  }
  const after = readRecord(paths.record);
  return settled(paths, after, after?.child ?? child);
}

/** Whether the command may still come to life. */
function mayBegin(paths: RunPaths, record: RunRecord | null): boolean {
  if (claimedAtMs(paths) === null) return true;
  // Whoever is about to become the command holds the FIFO, also when the launcher has died meanwhile. The kernel closes
  // the files of a process before it is dead: a launcher that is ending is not gone yet.
  return isHeld(paths.alive) === true || (record?.launcher ? isAlive(record.launcher) : false);
}

function waiting(paths: RunPaths): Verdict {
  if (claimedAtMs(paths) !== null) return { is: 'claimed' };
  return { is: existsSync(paths.directory) ? 'unclaimed' : 'missing' };
}

/** Whether the command lives, or has just ended and its launcher is about to write down how. */
function mayLive(paths: RunPaths, record: RunRecord | null, child: ProcessIdentity): boolean {
  const condition = conditionOf(child);
  if (condition === 'gone') return record?.launcher ? isAlive(record.launcher) : false;
  return condition === 'unverifiable' ? isHeld(paths.alive) !== false : true;
}

function settled(paths: RunPaths, record: RunRecord | null, child: ProcessIdentity | null): Verdict {
  if (child === null) {
    const refused = record?.launcher ? record.words.join('; ') || 'the launcher could not start it' : null;
    return { is: 'never-ran', refused };
  }
  const found = launched(paths, child, record);
  const guardian = guardianWordOn(paths);
  if (!record?.exit) return guardian ? { is: 'ended', exit: unseen(guardian), ...found } : { is: 'lost', ...found };
  const { uptimeTicks: _, ...exit } = record.exit;
  return { is: 'ended', exit: guardian ? { ...exit, by: guardian.by } : exit, ...found };
}

/** The guardian told it to end, and its launcher had died before: nobody saw the status. */
const unseen = ({ by, atMs }: GuardianWord): ExitReport => ({
  code: null,
  signal: null,
  rawStatus: null,
  certain: false,
  endedMs: atMs,
  by,
});

function launched(paths: RunPaths, child: ProcessIdentity, record: RunRecord | null): Launched {
  const port = record?.port ?? null;
  const handle = {
    pid: child.pid,
    identity: child,
    launcher: record?.launcher ?? null,
    ...(port !== null && { port }),
  };
  return { handle, startedMs: claimedAtMs(paths) };
}
