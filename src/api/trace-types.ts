/** What users see of traces. Plain data, and what reads it. */
import type { Json, UnitId, UnitKind } from '../machines/vocabulary.ts';
import type { UnitMoment } from '../store/replay/fold.ts';
import type { TraceHeader } from '../store/replay/format.ts';
import type { HistoryFault } from '../store/replay/history.ts';
import type { Entry } from '../store/rows.ts';

/** Which entries of a trace. Both bounds belong to it. */
export interface TraceRange {
  /** @default the first one */
  readonly from?: number;
  /** @default the last one */
  readonly to?: number;
  /** Entries of this unit only; `''` is the supervisor. @default all */
  readonly unit?: UnitId;
}

/** A unit as a trace knows it. */
export interface TraceUnit {
  readonly id: UnitId;
  /** `null`: its history does not say any more. */
  readonly kind: UnitKind | 'supervisor' | null;
  readonly state: string | null;
  /** `seq` of its first and its last entry here. */
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** A point of a history: an entry, and all that was true of its unit after it. */
export interface TraceMoment {
  readonly seq: number;
  readonly entry: Entry;
  /** The entry that led here; `null`: it came from outside, or is not in this trace. */
  readonly cause: Entry | null;
  /** What happened, in one sentence. */
  readonly sentence: string;
  readonly unitId: UnitId;
  /** `running.healthy`; `null`: the unit was not there, or entries before are missing. */
  readonly state: string | null;
  /** State, context, timers under way, commands without an answer. */
  readonly unit: UnitMoment | null;
  readonly spec: Json | null;
}

/** What a run had printed. */
export interface Printed {
  readonly runId: string;
  readonly text: string;
  /**
   * How far `text` goes. `then`: exactly to the moment that was asked for, because the run was over, or because its
   * lines begin with their time. `later`: it may hold what was printed afterwards; nobody knows when each line was.
   */
  readonly upTo: 'then' | 'later';
  /** The beginning is left out: this is the end of it. */
  readonly truncated: boolean;
  readonly sizeBytes: number;
}

/**
 * A history that can be read in any order: of a trace file, or of a state directory.
 *
 * Nothing in it changes while it is open, and nothing that is done with it has an effect outside.
 */
export interface Trace extends AsyncDisposable {
  readonly path: string;
  readonly header: TraceHeader;
  readonly entryCount: number;
  /** 0: there are no entries. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** What is wrong with it as a whole. Empty, unless damaged ones were allowed. */
  readonly faults: readonly HistoryFault[];
  /** All units with an entry here, in the order of their first. The supervisor is `''`. */
  readonly unitIds: readonly UnitId[];
  /** The same with what they are. Reads all that is between the last state of each that is at hand and its end. */
  units(): readonly TraceUnit[];
  entries(range?: TraceRange): AsyncIterable<Entry>;
  entry(seq: number): Entry | null;
  /**
   * The history at a `seq`, or at a time of the wall clock: the last entry up to then, and its unit; or another unit as
   * it was then. `null`: nothing had happened yet.
   */
  at(when: number | { readonly atMs: number }, unit?: UnitId): TraceMoment | null;
  /** What the run of a unit had printed by then. `null`: it had none, or nothing of it was kept. */
  printed(unit: UnitId, seq: number): Promise<Printed | null>;
  close(): void;
}
