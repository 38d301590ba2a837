import { type FSWatcher, watch } from 'node:fs';
import type { DriverCall, Reporter } from '../../actors/ports.ts';
import type { Fact } from '../../machines/events.ts';
import type { ExitReport, Handle, ProcessIdentity } from '../../machines/vocabulary.ts';
import { conditionOf } from '../system/identity.ts';
import { LaunchRefused } from './errors.ts';
import { watchHolders } from './liveness.ts';
import type { RunPaths } from './run-directory.ts';
import { type Launched, verdictOn } from './verdict.ts';

/** A fact without its generation. */
export type News<T extends Fact = Fact> = T extends Fact ? Omit<T, 'generation'> : never;

export interface ObservedRun {
  readonly call: DriverCall;
  readonly paths: RunPaths;
  /** This process did not launch it. */
  readonly adopted: boolean;
  /** `run.launched` was said of it already, by us or by those before us. */
  readonly announced: boolean;
}

/** One run, watched until it is over: each of its facts is reported once, and `run.launched` before any end. */
export interface Observation {
  readonly adopted: boolean;
  /** Who the command is, as soon as that is known. */
  readonly identity: ProcessIdentity | null;
  /** `true`: no event will tell of a change, so somebody has to look often. */
  readonly blind: boolean;
  /** `true`: there is nothing more to say, or nobody to say it to. */
  readonly over: boolean;
  /** Looks at the whole run. */
  look(): void;
  /** Looks only if something is wrong. Cheap. */
  check(): void;
  /** What follows is because of this entry. */
  causedBy(seq: number): void;
  /** Says the last thing there is to say. */
  conclude(news: News): void;
  close(): void;
}

export interface Observer {
  readonly report: Reporter;
  wallMs(): number;
  /** How a run ended, with its last words. */
  withWords(exit: ExitReport, paths: RunPaths): ExitReport;
  /** The last fact is about to be reported. */
  over(): void;
  /** The run has become blind. */
  hurry(): void;
}

export function observeRun(run: ObservedRun, { report, wallMs, withWords, over, hurry }: Observer): Observation {
  const { call, paths, adopted } = run;
  let { announced } = run;
  let handle: Handle | null = call.run.handle;
  let closed = false;
  /** By SIGSTOP: it looks alive, and does nothing. */
  let isStopped = false;
  let cause = call.seq;

  const say = (news: News): void =>
    report({ unitId: call.run.unitId, cause, fact: { ...news, generation: call.run.generation } as Fact });
  function announce(found: Launched): void {
    handle = found.handle;
    if (announced) return;
    announced = true;
    say({ type: 'run.launched', handle, startedMs: found.startedMs ?? wallMs(), adopted });
  }
  function conclude(news: News): void {
    if (closed) return;
    close();
    over();
    say(news);
  }
  function look(): void {
    if (closed) return;
    const verdict = verdictOn(paths, handle);
    if ('handle' in verdict) announce(verdict);
    if (closed) return;
    if (verdict.is === 'ended') {
      // Whoever was told to end had no reason of its own.
      const wasTold = cause !== call.seq || verdict.exit.by !== undefined;
      conclude({ type: 'run.exited', exit: wasTold ? verdict.exit : withWords(verdict.exit, paths) });
    }
    if (verdict.is === 'lost') conclude({ type: 'run.lost', endedMs: wallMs() });
    else if (verdict.is === 'never-ran') conclude(neverRan(verdict.refused ?? (adopted ? null : DIED_EARLY)));
  }
  function check(): void {
    const condition = announced && handle?.identity ? conditionOf(handle.identity) : 'gone';
    const isSound = condition === 'running' || condition === 'stopped';
    if (!isSound) look();
    if (!isSound || isStopped === (condition === 'stopped')) return;
    isStopped = !isStopped;
    say({ type: 'run.blocked', on: isStopped ? `a signal that continues it: kill -CONT ${handle?.pid}` : null });
  }

  const records = watchRecord(paths, look);
  let blind = records === null;
  const holders = watchHolders(paths.alive, () => {
    look();
    // The kernel closes the files of a process before it is dead. And no further event will come from here.
    if (closed) return;
    blind = true;
    hurry();
  });
  function close(): void {
    closed = true;
    records?.close();
    holders?.();
  }
  return {
    adopted,
    get identity() {
      return handle?.identity ?? null;
    },
    get over() {
      return closed;
    },
    get blind() {
      return blind;
    },
    look,
    check,
    causedBy: (seq) => {
      cause = seq;
    },
    conclude,
    close,
  };
}

/** The launcher's lines arrive as events; the system may be out of watches, or the directory gone. */
function watchRecord(paths: RunPaths, look: () => void): FSWatcher | null {
  try {
    const watcher = watch(paths.record, look);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return null;
  }
}

/** Nobody takes back what we have launched ourselves but us: then it was concluded before. */
const DIED_EARLY = 'the launcher ended before it could';

function neverRan(refused: string | null): News {
  if (refused === null) return { type: 'run.revoked' };
  // The only thing that can fail between claim and command is a fork or a write.
  const { code, message, hint } = new LaunchRefused({ what: 'start the command', errno: 'EAGAIN', reason: refused });
  return { type: 'run.launch-failed', problem: { code, message, hint }, resource: true };
}
