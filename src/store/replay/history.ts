import type { UnitId } from '../../machines/vocabulary.ts';
import type { Entry } from '../rows.ts';
import { advance, type UnitMoment } from './fold.ts';
import { type OutputLine, TRACE_SNAPSHOT_EVERY, type TraceHeader } from './format.ts';

/** Which entries: from and through these `seq`, of this unit. All bounds belong to it. */
export interface EntryRange {
  readonly fromSeq?: number;
  readonly throughSeq?: number;
  /** `''` is the supervisor. */
  readonly unitId?: UnitId;
  /** Of one unit: only where it begins, or begins again. */
  readonly births?: boolean;
}

/** What is wrong with a history as a whole. */
export interface HistoryFault {
  readonly what: 'incomplete' | 'order' | 'missing' | 'unreadable' | 'changed' | 'count';
  /** In a file, from 1. */
  readonly line: number | null;
  readonly message: string;
}

/** Entries that can be read in any order, and states to begin from: a file, or a store. */
export interface History {
  readonly header: TraceHeader;
  /** In the order of their first entries. `''` is the supervisor. */
  readonly unitIds: readonly UnitId[];
  readonly entryCount: number;
  /** 0: there are none. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly faults: readonly HistoryFault[];
  entries(range?: EntryRange): Iterable<Entry>;
  entry(seq: number): Entry | null;
  /** The last entry up to this `seq`, which itself may be left out of a piece; 0: none. */
  seqThrough(seq: number): number;
  /** The last entry up to this time of the wall clock; 0: none. */
  seqAt(atMs: number): number;
  /** The nearest state of a unit, at or below `seq`, that is at hand. */
  base(unitId: UnitId, seq: number): UnitMoment | null;
  /** Takes a state that had to be folded, where those at hand are few. */
  keep?(moment: UnitMoment): void;
  outputs(unitId: UnitId): readonly OutputLine['output'][];
  close(): void;
}

/** What was true of a unit after its last entry up to `seq`. `null`: it was not there, or nobody can tell. */
export function momentAt(history: History, unitId: UnitId, seq: number): UnitMoment | null {
  let moment = history.base(unitId, seq);
  let folded = 0;
  for (const entry of history.entries({ unitId, fromSeq: (moment?.seq ?? 0) + 1, throughSeq: seq })) {
    moment = advance(moment, entry);
    if (++folded % TRACE_SNAPSHOT_EVERY === 0 && moment) history.keep?.(moment);
  }
  return moment;
}

/** An entry, and its unit before and after it. `null`: the unit was not there, or entries before are missing. */
export interface FoldStep {
  readonly entry: Entry;
  readonly before: UnitMoment | null;
  readonly after: UnitMoment | null;
}

/** Goes through a history in its order, and knows every unit all the time. */
export function* foldSteps(history: History, range: EntryRange = {}): Generator<FoldStep> {
  const moments = new Map<UnitId, UnitMoment | null>();
  for (const entry of history.entries(range)) {
    let before = moments.get(entry.unitId);
    if (before === undefined) before = momentAt(history, entry.unitId, entry.seq - 1);
    const after = advance(before, entry);
    moments.set(entry.unitId, after);
    yield { entry, before, after };
  }
}
