/** What users of the library see. Promises, `AsyncIterable`, `AbortSignal` and plain data: nothing of our insides. */
import type { AnyActorRef } from 'xstate';
import type { HealReport } from '../actors/heal.ts';
import type { Clock, Log, OutputQuery, OutputSlice } from '../actors/ports.ts';
import type { OutcomeKind } from '../machines/outcome.ts';
import type { GroupStrategy, UnitSpec } from '../machines/spec.ts';
import type { Desired, Json, Problem, RunId, TopState, UnitId, UnitKind } from '../machines/vocabulary.ts';
import type { Entry, RunRow } from '../store/rows.ts';
import type { InProcessJob } from './functions.ts';
import type { Plan } from './plan.ts';
import type { Trace } from './trace-types.ts';

/** Milliseconds, or text with a unit: `"250ms"`, `"5s"`, `"10m"`, `"1h"`. */
export type Duration = number | string;

export interface OpenOptions {
  /**
   * Where everything is kept: the journal, the output, the runs. One orchestrator at a time may hold it.
   *
   * @default `$REEVE_HOME`, else `$XDG_STATE_HOME/reeve/<slug>-<hash>` of the working directory's real path
   */
  readonly stateDir?: string;
  /** Made by `server()`, `job()`, `watcher()`. They are started, unless `start` is `false`. @default [] */
  readonly units?: readonly UnitSpec[];
  readonly groups?: Readonly<Record<string, { readonly strategy: GroupStrategy }>>;
  /** How many jobs of a queue run at the same time; `1` for a queue that is not named here. */
  readonly queues?: Readonly<Record<string, { readonly concurrency: number }>>;
  /** What `status` calls the whole. @default the last part of the working directory */
  readonly name?: string;
  /** Whether the units are started. After a crash only what was meant to be up goes on. @default true */
  readonly start?: boolean;
  /** Yours, or none: `pino`'s shape fits. @default silent */
  readonly logger?: Log;
  readonly clock?: Clock;
  /** What a commit survives: the death of this process, or a power cut (slower by far). @default 'process-crash' */
  readonly durability?: 'process-crash' | 'power-loss';
  /**
   * What becomes of a unit that does not say so itself, when this process dies without `close()`: it is stopped, it is
   * stopped unless somebody opens the state directory again in time, or it lives on for the next one to adopt. Units
   * from a project file live on unless the file says otherwise.
   *
   * @default { lease: '30s' }
   */
  readonly onOrchestratorDeath?: 'adopt' | 'stop' | { readonly lease: Duration };
  /** The environment that `inherit` draws on. @default `process.env` */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface PlanOptions extends Pick<OpenOptions, 'groups' | 'queues'> {
  /** Units that are not given are stopped and forgotten. @default false: they are kept, and named */
  readonly removeExtra?: boolean;
}

/** `status --json` of one unit. */
export interface UnitStatus {
  readonly id: UnitId;
  readonly kind: UnitKind;
  readonly state: TopState;
  readonly substate: string | null;
  readonly ready: boolean;
  readonly desired: Desired;
  readonly run: {
    readonly runId: RunId;
    readonly generation: number;
    readonly pid: number | null;
    readonly startedMs: number | null;
    readonly adopted: boolean;
  } | null;
  readonly outcome: OutcomeKind | null;
  readonly restarts: number;
  readonly port: number | null;
  readonly activity: { readonly atMs: number; readonly text: string } | null;
  readonly blocked: string | null;
  readonly quarantined: string | null;
  /** Why it is not well. `''`: it is. */
  readonly why: string;
}

/** `status --json`. */
export interface ProjectStatus {
  readonly project: string;
  readonly stateDir: string;
  /**
   * Why nothing can be written at the moment, and what to do about it; `null`: all is well. Meanwhile states, results
   * and answers come from memory, nothing new is started, and a SIGKILL loses what was not written yet.
   */
  readonly degraded: Problem | null;
  /** What people should know of this session: that its store had to be begun anew, and what became of what ran. */
  readonly notice: Problem | null;
  readonly orchestrator: { readonly pid: number; readonly sinceMs: number } | null;
  readonly units: readonly UnitStatus[];
}

/** `wait --json` and `result --json`. */
export interface Result<Value = Json> {
  readonly id: UnitId;
  readonly state: TopState;
  /** `null`: it has not ended. */
  readonly outcome: OutcomeKind | null;
  readonly code: number | null;
  readonly rawStatus: number | null;
  readonly signal: string | null;
  readonly by: string | null;
  readonly startedMs: number | null;
  readonly endedMs: number | null;
  readonly attempts: number;
  readonly output: { readonly bytes: number; readonly tail: string };
  /** What a function returned, as a copy; `null` where that was nothing. Absent: it did not return, or is none. */
  readonly value?: Value;
  /** Why a function has failed: the words of what it threw. Absent: it has not, or is none. */
  readonly error?: string;
}

export interface WaitOptions {
  /** How long to wait. @default for ever: the signal, or the end of the unit, ends the wait */
  readonly within?: Duration;
  readonly signal?: AbortSignal;
}

/** What `reached` waits for: a top-level state, `ready`, or an end (`finished`: with that outcome; `settled`: any). */
export type Milestone = TopState | 'ready' | 'finished' | 'settled';

/** One unit, by id. Stays good while the unit comes and goes. */
export interface UnitHandle {
  readonly id: UnitId;
  /** The real XState actor: subscribe, inspect, `send` requests. Shows committed states (but see `degraded`). */
  readonly actor: AnyActorRef;
  /** Resolves when it runs and is ready; rejects with its last outcome when it comes to rest instead. */
  start(options?: { readonly signal?: AbortSignal; readonly by?: string }): Promise<void>;
  /** Resolves when it is reaped. */
  stop(options?: { readonly signal?: AbortSignal; readonly by?: string }): Promise<void>;
  restart(options?: { readonly signal?: AbortSignal; readonly by?: string }): Promise<void>;
  /** Stops it and forgets it: the unit and its run directories go, its journal stays. */
  terminate(options?: { readonly signal?: AbortSignal; readonly by?: string }): Promise<void>;
  /** Tells that it is busy, for units that nobody can see working. */
  heartbeat(text?: string): void;
  reached(milestone: Milestone, options?: WaitOptions): Promise<UnitStatus>;
  status(): UnitStatus;
  /** How its last run ended, and what it printed last. */
  result(): Promise<Result>;
  /** Its runs, newest first. */
  history(): readonly RunRow[];
  output(query?: Partial<OutputQuery> & { readonly runId?: RunId }): Promise<OutputSlice>;
  /** What it prints from `fromByte` on (by default: from now on); ends when the run has ended. */
  follow(options?: {
    readonly runId?: RunId;
    readonly fromByte?: number;
    readonly signal?: AbortSignal;
  }): AsyncIterable<string>;
}

export interface JournalOptions {
  readonly unit?: UnitId;
  /** Entries after this `seq`. @default 0 */
  readonly after?: number;
  /** Go on with new entries as they are committed: while the store cannot be written, none come. @default false */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

export interface Reeve extends AsyncDisposable {
  readonly stateDir: string;
  unit(id: UnitId): UnitHandle;
  units(): readonly UnitHandle[];
  /** Adds units and starts none. One that exists and is at rest is replaced. */
  add(...specs: readonly UnitSpec[]): void;
  /** Forgets a unit at rest. */
  remove(id: UnitId): Promise<void>;
  /** Adds a job, runs it to its end, and tells how it ended. Aborting the signal stops it. */
  run<Value = Json>(
    spec: UnitSpec | InProcessJob<Value>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<Result<Value>>;
  /**
   * What would have to be done so that the units that are there are these, and which keys of their specs are written
   * otherwise. Changes nothing.
   *
   * @throws {InvalidSpec} They do not fit together, or not with those that are kept.
   */
  plan(units: readonly UnitSpec[], options?: PlanOptions): Plan;
  /**
   * Does it, and touches no other unit. Resolves when all that is to run was asked to start.
   *
   * @throws {UnitUp} Somebody has started a unit since that the plan found at rest.
   */
  apply(plan: Plan): Promise<void>;
  /** Starts these units (all, by default) in their order. */
  up(ids?: readonly UnitId[]): Promise<void>;
  /** Stops everything, against the order of starts. Resolves when all are at rest. */
  down(): Promise<void>;
  /**
   * Compares what is recorded with what is true, and acts; happens by itself every 30 s. Takes a second if something is
   * found: what is under way is no damage, so all is looked at twice. With \`dryRun\` nothing is changed.
   */
  heal(options?: { readonly dryRun?: boolean }): Promise<HealReport>;
  status(): ProjectStatus;
  journal(options?: JournalOptions): AsyncIterable<Entry>;
  /**
   * All that was recorded up to now, to be looked at, verified, forked or exported. It stays as it is while it is open,
   * and whoever asked for it closes it.
   */
  trace(): Promise<Trace>;
  /** Calls `listener` once for every entry: after its commit or, while the store cannot be written, without one. */
  observe(listener: (entry: Entry) => void): () => void;
  /**
   * Stops everything and lets go of the state directory. Idempotent: every call gets the same promise.
   *
   * With `leave: true` what runs is left running, for the next orchestrator to adopt. A function of this program cannot
   * be: it is stopped, and runs again in the next one if its `onOrchestratorDeath` is `rerun`.
   */
  close(options?: { readonly leave?: boolean }): Promise<void>;
}
