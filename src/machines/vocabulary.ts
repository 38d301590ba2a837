/** The words every other file uses. Plain data: everything here can be written to disk as JSON and read back. */

/** Letters, digits, `.`, `_` and `-`, starting with a letter or digit, at most 64. Checked when a spec is decoded. */
export type UnitId = string;

/** One incarnation of a unit, `<epoch>.<generation>`: unique for ever, because every unit gets its own epoch. */
export type RunId = string;

export type UnitKind = 'server' | 'job' | 'watcher';

/** The top-level states of every unit. Substates refine them; nothing else shadows them. */
export const STATES = ['spawning', 'waiting-health', 'running', 'idle-stalled', 'stopping', 'reaped'] as const;
export type TopState = (typeof STATES)[number];

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * What tells one process from every other, also after its pid is reused.
 *
 * `startTicks` is field 22 of `/proc/PID/stat` (proc(5)): clock ticks since boot.
 */
export interface ProcessIdentity {
  readonly bootId: string;
  readonly pidNamespace: string;
  readonly pid: number;
  readonly startTicks: string;
}

/** What a driver needs to find a run again after we were gone. `pid` is shown to people; the rest is the driver's. */
export interface Handle {
  readonly pid: number | null;
  readonly identity: ProcessIdentity | null;
  readonly [detail: string]: Json | ProcessIdentity;
}

/** How a run ended, as its driver saw it. `certain: false`: the shell could not tell a code from a signal. */
export interface ExitReport {
  readonly code: number | null;
  readonly signal: string | null;
  /** What the parent of the process saw, before interpretation. `null`: nobody was there to see. */
  readonly rawStatus: number | null;
  readonly certain: boolean;
  readonly endedMs: number;
  /** The last that it printed, where it failed: its own word about why. `''`: it printed nothing that says it. */
  readonly said?: string;
  /** What a function returned; `null` where that was nothing. Absent: it did not return, or is none. */
  readonly returned?: Json;
  /** What a function threw, in words. */
  readonly threw?: string;
  /** The guardian ended it, because we died (or did not come back in time) and it was not to outlive us. */
  readonly by?: 'orchestrator-death' | 'lease';
}

/** Words for a person: what failed, on what, why; and what to do. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** `desired` of a unit: what people and policy want. The state says what is. `removed` is `down` and then forgotten. */
export type Desired = 'up' | 'down' | 'removed';

/**
 * Timers a machine may start. `restore` says what a restart of ours does to them: keep the due time, or the full
 * length.
 */
export type TimerName =
  | 'delay'
  | 'launch'
  | 'start'
  | 'stable'
  | 'run'
  | 'ask'
  | 'grace'
  | 'kill'
  | 'sweep'
  | 'backoff'
  | 'debounce';
export type TimerRestore = 'absolute' | 'restart';

/**
 * `idle`: whether anything of the run can be seen to work, for units whose idleness means something. `printed`: whether
 * it has printed what others wait for.
 */
export type ProbePurpose = 'ready' | 'alive' | 'idle' | 'printed';

/** How strongly a run is asked to end: by the thing itself, by its stop signal, by SIGKILL. */
export type EndMethod = 'ask' | 'terminate' | 'kill';

/** A process that belongs to a run and would not end. */
export interface Survivor {
  readonly pid: number;
  readonly command: string;
}
