import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import type { RunId } from '../../machines/vocabulary.ts';
import { localWorld } from '../system/identity.ts';
import type { LaunchPlan } from './launch-plan.ts';
import { EMPTY_RECORD, recordHeader } from './record.ts';

/** The files of one run. Directories are 0700 and files 0600 from the moment they exist. */
export interface RunPaths {
  readonly directory: string;
  /** Made by whoever comes first: the launcher, which then acts, or somebody who wants that it never does. */
  readonly claim: string;
  readonly record: string;
  /** What the command printed. */
  readonly out: string;
  /** What the command says to us: one line is one message. It survives us, as a channel could not. */
  readonly messages: string;
  /** A FIFO that the run's tree holds open. */
  readonly alive: string;
  /** What becomes of the run when the orchestrator dies, for the guardian. */
  readonly policy: string;
  /** What the guardian did to the run. Mostly not there. */
  readonly guardian: string;
}

export const runsDirectory = (stateDir: string): string => join(stateDir, 'runs');

export const RUN_ID = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Ids are checked when they are made; this only keeps a wrong one from leaving the directory. */
export function runPaths(stateDir: string, runId: RunId): RunPaths {
  if (!RUN_ID.test(runId)) throw new TypeError(`"${runId}" is no run id`);
  const directory = join(runsDirectory(stateDir), runId);
  const inside = (name: string) => join(directory, name);
  return {
    directory,
    claim: inside('claim'),
    record: inside('record'),
    out: inside('out'),
    messages: inside('messages'),
    alive: inside('alive'),
    policy: inside('policy'),
    guardian: inside('guardian'),
  };
}

/** Descriptors for the launcher. Ours to close once it has them. */
export interface RunFiles {
  readonly out: number;
  readonly record: number;
  readonly alive: number;
  /** Where the launcher's first line begins in the record, which whoever opens it again has to know. */
  readonly recordFrom: number;
}

/**
 * Makes everything that a launch needs, from a FIFO that lies ready.
 *
 * One synchronous piece with the spawn that follows: a revocation comes before the directory exists or after the spawn.
 */
export function createRunDirectory(
  paths: RunPaths,
  fifo: string,
  { policy, port }: Pick<LaunchPlan, 'policy' | 'port'>,
): RunFiles {
  // Cleaners of temporary directories take what is empty, or old.
  fs.mkdirSync(dirname(paths.directory), { recursive: true, mode: 0o700 });
  fs.mkdirSync(paths.directory, { mode: 0o700 });
  const open: number[] = [];
  const opened = (path: string, flags: string | number): number => {
    const descriptor = fs.openSync(path, flags, 0o600);
    open.push(descriptor);
    return descriptor;
  };
  try {
    fs.renameSync(fifo, paths.alive);
    fs.writeFileSync(paths.policy, policy, { mode: 0o600, flag: 'wx' });
    fs.writeFileSync(paths.messages, '', { mode: 0o600, flag: 'wx' });
    const out = opened(paths.out, 'a');
    const record = opened(paths.record, 'wx+');
    // With a position the descriptor stays where it is; without, it moves on, and the launcher goes on from there.
    fs.writeSync(record, EMPTY_RECORD, 0);
    const recordFrom = fs.writeSync(record, recordHeader(localWorld(), port));
    // Read and write: opening a FIFO only for writing waits for a reader.
    return { out, record, alive: opened(paths.alive, fs.constants.O_RDWR), recordFrom };
  } catch (error) {
    for (const descriptor of open) fs.closeSync(descriptor);
    fs.rmSync(paths.directory, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Deletes what is kept for runs that nobody knows any more. Which those are is looked up at once: a run that is
 * launched while they are deleted is none of them.
 */
export async function deleteOtherRuns(stateDir: string, known: ReadonlySet<RunId>): Promise<void> {
  const others = fs.readdirSync(runsDirectory(stateDir)).filter((name) => !known.has(name));
  for (const name of others) {
    await fs.promises.rm(join(runsDirectory(stateDir), name), { recursive: true, force: true });
  }
}

/** Takes the claim of a run, if nobody has: then its launch never happened and never will. */
export function takeClaim(paths: RunPaths): boolean {
  fs.mkdirSync(paths.directory, { recursive: true, mode: 0o700 });
  try {
    fs.closeSync(fs.openSync(paths.claim, 'wx', 0o600));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** When the launcher took the claim, its first act. `null`: nobody did. */
export function claimedAtMs(paths: RunPaths): number | null {
  const stat = fs.statSync(paths.claim, { throwIfNoEntry: false });
  return stat ? Math.round(stat.mtimeMs) : null;
}
