/**
 * What we need from the world. Narrow, owned by the consumer; adapters implement it.
 *
 * Every method is async and every argument is JSON, so that an implementation may live in another process. What a
 * driver has to say it says by facts, through the one `report` it was connected with.
 */
import type { RunRef } from '../machines/commands.ts';
import type { Fact } from '../machines/events.ts';
import type { Ending } from '../machines/outcome.ts';
import type { AliveSpec, IdleSpec, ReadySpec, UnitSpec } from '../machines/spec.ts';

import type { EndMethod, ExitReport, Handle, ProbePurpose, RunId, UnitId } from '../machines/vocabulary.ts';

/** A fact, and whose it is. `cause` is the `seq` of the journal entry whose command led here, where one did. */
export interface Report {
  readonly unitId: UnitId;
  readonly cause: number | null;
  readonly fact: Fact;
}
export type Reporter = (report: Report) => void;

/** Time. Wall for people, monotonic since boot for measuring; the two are never mixed. */
export interface Clock {
  readonly bootId: string;
  wallMs(): number;
  monoMs(): number;
  /** Calls `fire` once, after at least `ms` of monotonic time. `ms` may be any size. Returns a canceller. */
  setTimer(ms: number, fire: () => void): () => void;
  /** Calls `run` soon, after the current tick of the event loop. */
  defer(run: () => void): void;
}

export type LogFields = {
  readonly unit?: UnitId;
  readonly state?: string;
  readonly generation?: number;
  readonly pid?: number | null;
  readonly seq?: number;
  readonly [field: string]: unknown;
};
/** The embedder may bring its own; pino's shape fits. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** A command as a driver gets it. `key` is `seq.index`: the same key twice is the same command, and is done once. */
export interface DriverCall {
  readonly key: string;
  readonly seq: number;
  readonly run: RunRef;
  readonly spec: UnitSpec;
  /** Which run this is since somebody asked for one; 1 is the first. */
  readonly attempt?: number;
  /** Why it is to end, where it is. */
  readonly ending?: Ending | null;
}

/** What is true of a run that we find after a restart. `startedMs`: since when, where its driver can tell. */
export type Sighting =
  | { readonly is: 'alive'; readonly handle: Handle; readonly startedMs?: number | null }
  | {
      readonly is: 'ended';
      readonly exit: ExitReport;
      readonly handle: Handle | null;
      readonly startedMs?: number | null;
    }
  /** Nobody had claimed the launch; now we have: it never ran and never will. */
  | { readonly is: 'revoked' }
  /** Claimed, but whoever claimed it has not said who it is. Ask again, or wait for the fact. */
  | { readonly is: 'claimed' }
  /** It ran, is gone, and left no record. */
  | { readonly is: 'lost'; readonly handle?: Handle | null; readonly startedMs?: number | null };

/** A run that is over, and whose unit may be gone. */
export interface StrayRun {
  readonly unitId: UnitId;
  readonly runId: RunId;
}

/** One way of running things. */
export interface Driver {
  /** Called once, before anything else. */
  connect(report: Reporter): Promise<void>;
  /** Answers by `run.launched` or `run.launch-failed`; never by throwing for an operating error. */
  launch(call: DriverCall): Promise<void>;
  /** Takes an unanswered launch back: `run.revoked` if it never began, else `run.launched` or `run.claimed`. */
  revoke(call: DriverCall): Promise<void>;
  /** Starts to watch a run that this process did not launch. Answers `run.exited` or `run.lost` when it ends. */
  attach(call: DriverCall): Promise<void>;
  /** Asks, signals or kills the run, by verified identity. The end itself arrives as `run.exited`. */
  endRun(call: DriverCall, how: EndMethod): Promise<void>;
  /** Ends what the run left behind; answers `run.swept` once nothing is left, or with the survivors after `kill`. */
  sweep(call: DriverCall, how: 'terminate' | 'kill'): Promise<void>;
  /** What is true of a run now. Changes nothing but taking the claim of a launch that nobody began. */
  sight(run: RunRef): Promise<Sighting>;
  /** Forgets and deletes what the driver keeps for a run. */
  discard(run: RunRef): Promise<void>;
  /**
   * Ends what is left of runs that are over: whoever orchestrated them died before it could. Called once, when it is
   * known which runs are still open, and whenever retention has forgotten some. `sparedUnits` leave things behind on
   * purpose. What is kept for a run that is not among `knownRuns` goes.
   */
  tidy(openRuns: readonly RunId[], sparedUnits: readonly UnitId[], knownRuns: readonly RunId[]): Promise<void>;
  /** What `tidy` would end: runs that are over, and left something behind. Changes nothing. */
  strays?(openRuns: readonly RunId[], sparedUnits: readonly UnitId[]): Promise<readonly StrayRun[]>;
  /** Stops watching and reporting. Ends nothing: what runs, runs on. */
  close(): Promise<void>;
}

/** A probe of one run: a question that is asked, or a look at whether the run works. */
export type ProbeCall = {
  readonly key: string;
  readonly seq: number;
  readonly run: RunRef;
  /** Where a command that is asked runs, and what it is given. */
  readonly unit: UnitSpec;
} & ProbeOrder;
/** `startedMs`: since when the run is there, by the wall. `isIdle`: that it is idle was told before. */
export type ProbeOrder =
  | { readonly probe: 'ready'; readonly spec: ReadySpec; readonly startedMs: number | null }
  | { readonly probe: 'alive'; readonly spec: AliveSpec; readonly startedMs: number | null }
  | { readonly probe: 'idle'; readonly spec: IdleSpec; readonly isIdle: boolean }
  /** Ends by itself, when each was found or the run is over: then all was read that it has printed. */
  | { readonly probe: 'printed'; readonly patterns: readonly string[] };
/**
 * Asks the world bounded questions, again and again, and reports only the edges. Counters start fresh with every start.
 */
export interface Probes {
  connect(report: Reporter): Promise<void>;
  start(call: ProbeCall): Promise<void>;
  stop(run: RunRef, probe: ProbePurpose): Promise<void>;
  close(): Promise<void>;
}

/** Reads what a run has printed. `null` where the driver keeps no output. */
export interface OutputQuery {
  readonly mode: 'full' | 'head' | 'tail' | 'grep';
  readonly lines?: number;
  readonly pattern?: string;
  /** Counted from the end of the output. */
  readonly maxBytes?: number;
}
export interface OutputSlice {
  readonly text: string;
  /** `true`: `maxBytes` cut something off. */
  readonly truncated: boolean;
  readonly sizeBytes: number;
}
export interface Outputs {
  read(runId: RunId, query: OutputQuery): Promise<OutputSlice>;
  /** Yields what is printed from now on (or from `fromByte`), and ends when the run has ended. */
  follow(runId: RunId, options: { readonly fromByte?: number; readonly signal?: AbortSignal }): AsyncIterable<string>;
}
