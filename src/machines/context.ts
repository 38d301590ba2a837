import type { Request } from './events.ts';
import type { Ending, Outcome } from './outcome.ts';
import type { Printed } from './printed.ts';
import { NO_HISTORY, type RestartHistory, type Verdict } from './restart-policy.ts';
import type { AliveSpec, ReadySpec, StopSpec, UnitSpec } from './spec.ts';
import type { Desired, EndMethod, Handle, RunId, Survivor, UnitId } from './vocabulary.ts';

/** A request that was accepted and not answered yet. */
export interface Wish {
  readonly requestId: string;
  readonly type: Request['type'];
}

/** The run that is under way, or the last one that was. */
export interface Run {
  readonly runId: RunId;
  readonly handle: Handle | null;
  readonly startedMs: number | null;
  /** Launched by an earlier orchestrator. */
  readonly adopted: boolean;
  /** Of a job with a timeout: when its launch was ordered, by the monotonic clock of that boot. */
  readonly orderedMonoMs?: number;
  /** Where somebody waits for what it prints. */
  readonly printed?: Printed;
}

/**
 * Everything a unit knows of itself. Flat, and every key is always there: a journal entry's patch is the keys that
 * changed, and a context is rebuilt by laying patches over each other.
 */
export interface UnitContext {
  readonly id: UnitId;
  readonly epoch: string;
  readonly spec: UnitSpec;
  readonly desired: Desired;
  /** Who asked for that last. */
  readonly desiredBy: string | null;
  /** Of a job with a queue: the entry that asked for what it does or waits to do. Who asked first is first there. */
  readonly requestedSeq: number | null;
  /** Counts the runs, also those of earlier units of the same name. A fact of an older one changes nothing. */
  readonly generation: number;
  readonly run: Run | null;
  /** Why the run is ending. The first cause wins. */
  readonly ending: Ending | null;
  /** What was done to end the run, in order. */
  readonly took: readonly EndMethod[];
  /** How the last run ended; `null` while one is under way, and before the first. */
  readonly outcome: Outcome | null;
  /** The launch failed for want of processes, descriptors, memory or time. */
  readonly resource: boolean;
  /** Another run was asked for before this one has ended: it follows at once, whatever policy says. */
  readonly again: boolean;
  readonly history: RestartHistory;
  readonly verdict: Verdict | null;
  /** Runs that policy started again since somebody asked for a start. */
  readonly restarts: number;
  readonly wishes: readonly Wish[];
  readonly blocked: string | null;
  readonly survivors: readonly Survivor[];
  /** What a watcher saw and has not acted on yet. */
  readonly observed: readonly string[];
  /** Why it is not well, in words: the last launch error, the last probe failure. `''`: nothing is wrong. */
  readonly why: string;
}

export interface UnitInput {
  readonly id: UnitId;
  readonly epoch: string;
  readonly spec: UnitSpec;
  /**
   * The last one of an earlier unit of the same name, whose facts may still be on their way.
   *
   * @default 0
   */
  readonly generation?: number;
  /** Who asked last for anything of an earlier unit of the same name: why it rests is remembered. @default null */
  readonly desiredBy?: string | null;
}

export function newContext({ id, epoch, spec, generation = 0, desiredBy = null }: UnitInput): UnitContext {
  return {
    id,
    epoch,
    spec,
    desired: 'down',
    desiredBy,
    requestedSeq: null,
    generation,
    run: null,
    ending: null,
    took: [],
    outcome: null,
    resource: false,
    again: false,
    history: NO_HISTORY,
    verdict: null,
    restarts: 0,
    wishes: [],
    blocked: null,
    survivors: [],
    observed: [],
    why: '',
  };
}

export const readyOf = (spec: UnitSpec): ReadySpec | null => ('ready' in spec ? spec.ready : null);
export const aliveOf = (spec: UnitSpec): AliveSpec | null => ('alive' in spec ? spec.alive : null);
export const graceMsOf = (spec: UnitSpec): number => ('stop' in spec ? spec.stop.grace : WATCHER_GRACE_MS);
export const askOf = (spec: UnitSpec): StopSpec['ask'] => ('stop' in spec && 'ask' in spec.stop ? spec.stop.ask : null);
export const queueOf = (spec: UnitSpec): string | null => (spec.kind === 'job' ? spec.queue : null);
export const priorityOf = (spec: UnitSpec): number => (spec.kind === 'job' ? (spec.priority ?? 0) : 0);
export const timeoutMsOf = (spec: UnitSpec): number | null => (spec.kind === 'job' ? spec.timeout : null);
export const delayMsOf = (spec: UnitSpec): number => (spec.kind === 'job' ? (spec.delay ?? 0) : 0);
export const keepsDescendants = (spec: UnitSpec): boolean => 'keepDescendants' in spec && spec.keepDescendants;
/** Whether it is a function of the program that holds us, and dies with it. */
export const runsInProcess = (spec: UnitSpec): boolean => 'run' in spec;
/** Whether it is run again when its program has died while it ran. */
export const rerunsAfterDeath = (spec: UnitSpec): boolean => 'run' in spec && spec.onOrchestratorDeath === 'rerun';
export const awaitsFirstObservation = (spec: UnitSpec): boolean => 'poll' in spec && spec.poll !== null;

/** A watcher is part of us; disarming it takes no longer than closing a handle. */
const WATCHER_GRACE_MS = 5_000;
