/**
 * What is in a trace: one JSON value a line.
 *
 * A header, then entries in the order of their `seq`, snapshots among them, slices of output, and a footer that counts
 * all of it. `seq` and `unitId` come first in every line between, and the third key says what the line is: so a reader
 * knows where everything is without understanding any of it.
 */
import type { Json, RunId, UnitId, UnitKind } from '../../machines/vocabulary.ts';
import type { MachineRow } from '../rows.ts';
import type { UnitMoment } from './fold.ts';

/** Raised when an older reader could not read what a newer one writes. */
export const TRACE_FORMAT = 1;
/** Entries of a unit between two of its snapshots in a trace: what has to be folded to show any one of them. */
export const TRACE_SNAPSHOT_EVERY = 64;

/** A spec as a trace keeps it: what machines decide on is as it was, values of the environment are hidden. */
export interface TraceSpec {
  readonly unitId: UnitId;
  readonly kind: UnitKind;
  readonly spec: Json;
}

export interface TraceHeader {
  readonly reeve: 'trace';
  readonly format: number;
  /** `EVENT_SCHEMA` of whoever wrote it. Older events are brought up to date when they are read. */
  readonly eventSchema: number;
  /** Version of the reeve that wrote it. */
  readonly version: string;
  readonly project: string;
  readonly exportedMs: number;
  /** What was asked for; `null`: all there was. */
  readonly filter: { readonly units: readonly UnitId[] | null; readonly fromSeq: number; readonly throughSeq: number };
  /** Every definition that decided an entry, drawn. */
  readonly machines: readonly MachineRow[];
  /** By epoch: a unit that was replaced has one for each of its lives. */
  readonly specs: Readonly<Record<string, TraceSpec>>;
}

/** The state of a unit at one of its entries, with the waits and commands that were open then. */
export interface SnapshotLine {
  readonly seq: number;
  readonly unitId: UnitId;
  readonly snapshot: Omit<UnitMoment, 'seq' | 'unitId'>;
}

/** What a run had printed when the trace was written. */
export interface OutputLine {
  /** The newest entry of the unit when it was read. */
  readonly seq: number;
  readonly unitId: UnitId;
  readonly output: {
    readonly runId: RunId;
    readonly text: string;
    /** All that there was; more than `text` if that is only the end of it. */
    readonly sizeBytes: number;
    readonly truncated: boolean;
    /** `null`: it was not over when the trace was written. */
    readonly endedMs: number | null;
  };
}

export interface TraceFooter {
  readonly end: {
    readonly entries: number;
    readonly snapshots: number;
    readonly outputs: number;
    /** Of every byte before the footer, in hexadecimal. */
    readonly sha256: string;
  };
}
