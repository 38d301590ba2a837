/** What the store keeps, as the rest of reeve sees it. The tables behind it are nobody's business. */
import type { Command } from '../machines/commands.ts';
import type { EventBody } from '../machines/events.ts';
import type { Outcome } from '../machines/outcome.ts';
import type { UnitSpec } from '../machines/spec.ts';
import type { Handle, Json, RunId, TimerName, TimerRestore, UnitId, UnitKind } from '../machines/vocabulary.ts';

/** An XState state value: `'running'`, or `{ running: 'healthy' }`. */
export type StateValue = string | { readonly [state: string]: StateValue };

/**
 * One accepted event, with all that it led to. Explains itself without code.
 *
 * `unitId` is `''` for the supervisor.
 */
export interface Entry {
  /** Strictly increasing over all units. */
  readonly seq: number;
  readonly unitId: UnitId;
  /** The unit's own count, from 1 without gaps. */
  readonly aseq: number;
  readonly atMs: number;
  readonly monoMs: number;
  /** `seq` of the entry that led here; `null` for what came from outside. */
  readonly cause: number | null;
  readonly event: EventBody;
  readonly value: StateValue;
  /** The context keys that changed, with their new values. */
  readonly patch: Readonly<Record<string, Json>>;
  readonly commands: readonly Command[];
  readonly version: number;
  readonly definition: string;
  readonly stateHash: string;
}

/** The state of one unit at one of its entries. Without the spec, which is the unit's own row. */
export interface Snapshot {
  readonly unitId: UnitId;
  readonly seq: number;
  readonly aseq: number;
  readonly version: number;
  readonly definition: string;
  readonly stateHash: string;
  readonly value: StateValue;
  readonly context: Readonly<Record<string, Json>>;
}

export interface UnitRow {
  readonly id: UnitId;
  readonly kind: UnitKind;
  /** Makes the unit's run ids unique, also against an earlier unit of the same name. */
  readonly epoch: string;
  readonly spec: UnitSpec;
  readonly addedMs: number;
}

export interface TimerRow {
  readonly unitId: UnitId;
  readonly timer: TimerName;
  /** The entry that started it. A timer event of another arming is stale. */
  readonly seq: number;
  readonly bootId: string;
  readonly dueMonoMs: number;
  /** For another boot, where monotonic time means nothing. */
  readonly dueWallMs: number;
  readonly lengthMs: number;
  readonly restore: TimerRestore;
}

/**
 * A command that was committed and not answered yet. Only launches are: all others are derived again from the states. A
 * unit that finds one of its own after a crash asks its driver whether it happened, and orders it anew if not.
 */
export interface OutboxRow {
  readonly seq: number;
  readonly index: number;
  readonly unitId: UnitId;
  readonly command: Command;
}

export interface RunRow {
  readonly runId: RunId;
  readonly unitId: UnitId;
  readonly generation: number;
  /** The entry that ordered the launch: committed before anything was launched (I1). */
  readonly orderedSeq: number;
  readonly orderedMs: number;
  readonly handle: Handle | null;
  readonly startedMs: number | null;
  readonly outcome: Outcome | null;
}

/** A definition of a machine that was ever run, so that old histories stay readable. */
export interface MachineRow {
  readonly definition: string;
  readonly machine: string;
  readonly version: number;
  readonly graph: Json;
}

/** Everything one tick changes. Committed in one transaction, or not at all. */
export interface Tick {
  /** A unit that is removed and added in the same tick is replaced: it keeps its place, and nothing else. */
  readonly unitsAdded: readonly UnitRow[];
  /** Done first. Their journal and runs stay until retention; their snapshots, timers and outbox rows go. */
  readonly unitsRemoved: readonly UnitId[];
  readonly entries: readonly Entry[];
  readonly snapshots: readonly Snapshot[];
  readonly timersSet: readonly TimerRow[];
  readonly timersCleared: readonly { readonly unitId: UnitId; readonly timer: TimerName }[];
  readonly outboxAdded: readonly OutboxRow[];
  readonly outboxDone: readonly { readonly seq: number; readonly index: number }[];
  readonly runsOrdered: readonly Omit<RunRow, 'handle' | 'startedMs' | 'outcome'>[];
  readonly runsStarted: readonly { readonly runId: RunId; readonly handle: Handle; readonly startedMs: number }[];
  /** A result and the status that announces it are in the same transaction (I12). */
  readonly runsEnded: readonly { readonly runId: RunId; readonly outcome: Outcome }[];
}

export interface JournalQuery {
  readonly unitId?: UnitId;
  /** Entries with a greater `seq`. */
  readonly afterSeq?: number;
  /** Entries up to and with this `seq`. */
  readonly throughSeq?: number;
  /** Only where a unit begins, or begins again. */
  readonly births?: boolean;
  readonly limit?: number;
}

/** How much of the past is kept. */
export interface Retention {
  readonly maxAgeMs: number;
  /** Age deletes none of the newest so many: a wall clock may be wrong by decades. @default 0 */
  readonly minEntries?: number;
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly nowMs: number;
}

export interface Trimmed {
  readonly entries: number;
  readonly runs: number;
  /** There is more to delete: call again, when there is time. */
  readonly more: boolean;
}

/** The one owner of the database. Synchronous: a commit is done when it returns. */
export interface Store {
  /** @throws {StoreUnwritable} The commit failed; nothing of the tick is in the database. */
  commit(tick: Tick): void;
  /** 0 for an empty journal. */
  lastSeq(): number;
  /** 0 for a unit that never was. A unit that is added again under the same id counts on. */
  lastAseq(unitId: UnitId): number;
  /** Where the unit as it is now begins: entries below belong to a removed one. `null`: there is no such unit. */
  firstAseq(unitId: UnitId): number | null;
  units(): readonly UnitRow[];
  /**
   * Newest first: at most the two newest, and the base that retention left below the oldest entry. `null` in place of
   * one that cannot be read.
   */
  snapshots(unitId: UnitId): readonly (Snapshot | null)[];
  /** Read page by page: entries that are committed meanwhile are among them. */
  journal(query?: JournalQuery): Iterable<Entry>;
  /** Deletes what retention does not keep, a bounded piece at a time. @throws {StoreUnwritable} */
  trim(retention: Retention): Trimmed;
  timers(): readonly TimerRow[];
  outbox(): readonly OutboxRow[];
  run(runId: RunId): RunRow | null;
  /** Newest first. */
  runs(unitId: UnitId): readonly RunRow[];
  /** Every run that retention has kept, by id. */
  runIds(): readonly RunId[];
  /** Runs that were ordered and have no outcome yet. */
  openRuns(): readonly RunRow[];
  rememberMachine(machine: MachineRow): void;
  knowsMachine(definition: string): boolean;
  machines(): readonly MachineRow[];
  /** Every unit that has an entry, also one that is gone, in the order of their first. `''` is the supervisor. */
  journaledUnits(): readonly UnitId[];
  meta(key: string): string | null;
  setMeta(key: string, value: string): void;
  close(): void;
}
