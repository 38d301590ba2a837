import { SUPERVISOR_EVENTS, UNIT_EVENTS } from '../machines/events.ts';
import { nearest } from '../machines/spec/nearest.ts';
import { SUPERVISOR } from '../machines/supervisor.ts';
import type { Json, UnitId } from '../machines/vocabulary.ts';
import { type Difference, differencesBetween } from '../store/replay/differences.ts';
import type { UnitMoment } from '../store/replay/fold.ts';
import { type History, momentAt } from '../store/replay/history.ts';
import { printState } from '../store/replay/sentences.ts';
import type { Machines } from '../store/replay/verify.ts';
import type { Entry, StateValue } from '../store/rows.ts';
import { InvalidOption } from './errors.ts';
import { ForkRun } from './fork-run.ts';
import type { SandboxFault } from './sandbox.ts';
import { sourceOf } from './trace.ts';
import type { Trace } from './trace-types.ts';

/**
 * One change to what happened, at the entry `seq`: its event is another one, it did not happen, it happened right
 * before another entry, or something else happened right before it.
 */
export type ForkEdit =
  | { readonly seq: number; readonly event: Json }
  | { readonly seq: number; readonly drop: true }
  | { readonly seq: number; readonly moveTo: number }
  | { readonly seq: number; readonly insert: { readonly unit: UnitId; readonly event: Json } };

export interface ForkOptions {
  readonly edits?: readonly ForkEdit[];
  /** The first entry that is decided anew. @default the first one that is edited, else the first of all */
  readonly from?: number;
  /** The last recorded entry that is followed. @default the last one, at most 100,000 further on */
  readonly to?: number;
  /** How long timers go on to fire after the last recorded entry, in milliseconds. @default 0 */
  readonly runOnMs?: number;
  /** Other machines in place of ours. */
  readonly machines?: Machines;
}

/** Where the lines of a unit part: its first entry that is not the same in both. `null`: its line has ended before. */
export interface Parting {
  readonly unitId: UnitId;
  readonly recorded: Entry | null;
  readonly forked: Entry | null;
  readonly differences: readonly Difference[];
}

export interface Fork {
  /** What it is a fork of: nothing in it ever happened. */
  readonly provenance: {
    readonly path: string;
    readonly project: string;
    readonly from: number;
    readonly to: number;
    readonly edits: readonly ForkEdit[];
    readonly otherMachines: boolean;
  };
  readonly recorded: readonly Entry[];
  /** What would have been recorded. Its `seq` counts on from where it parts, and is a number of its own. */
  readonly forked: readonly Entry[];
  /** Where units part from what was recorded; the first of them first. Empty: the lines are the same. */
  readonly partings: readonly Parting[];
  /** Units that end in another state. `null`: there is no such unit then. */
  readonly ends: readonly {
    readonly unitId: UnitId;
    readonly recorded: string | null;
    readonly forked: string | null;
  }[];
  /** Recorded answers to what is not commanded in this line: nobody could give them. */
  readonly unanswered: readonly Entry[];
  readonly faults: readonly SandboxFault[];
}

const ENTRIES_MAX = 100_000;

/**
 * What would have happened, had something else happened: the machines go on from a point of a history, with edited
 * events, and nothing is performed.
 *
 * Requests and facts come as they are recorded; what units tell each other is decided anew; timers fire when they are
 * due in this line. The world gives no answers but those it gave: an answer to something that is not commanded here is
 * left out, and told in `unanswered`.
 *
 * @throws {InvalidOption} An edit of an entry that is not there, or that follows from another one by itself; an event
 * that there is not.
 */
export function fork(trace: Trace, options: ForkOptions = {}): Fork {
  const { edits = [], machines = {}, runOnMs = 0 } = options;
  const { history } = sourceOf(trace);
  const from = Math.max(trace.firstSeq, options.from ?? Math.min(...edits.map(firstOf), trace.lastSeq));
  const start = options.from === undefined && edits.length === 0 ? trace.firstSeq : from;
  const to = Math.min(options.to ?? trace.lastSeq, trace.lastSeq, start + ENTRIES_MAX);
  const recorded = [...history.entries({ fromSeq: start, throughSeq: to })];
  const line = new ForkRun(history, recorded, machines);
  for (const edit of edits) refuseMisplaced(edit, recorded, line);
  for (const edit of edits) refuseUnknown(edit, machines);
  const { forked, unanswered, faults, states } = line.run(edits, runOnMs);
  const provenance = {
    path: trace.path,
    project: trace.header.project,
    from: start,
    to,
    edits,
    otherMachines: options.machines !== undefined,
  };
  const partings = partingsOf(recorded, forked);
  return { provenance, recorded, forked, partings, ends: endsOf(history, to, states), unanswered, faults };
}

const firstOf = (edit: ForkEdit): number => ('moveTo' in edit ? Math.min(edit.seq, edit.moveTo) : edit.seq);

function refuseMisplaced(edit: ForkEdit, recorded: readonly Entry[], line: ForkRun): void {
  for (const seq of 'moveTo' in edit ? [edit.seq, edit.moveTo] : [edit.seq]) {
    const entry = recorded.find((one) => one.seq === seq);
    if (!entry) throw new InvalidOption({ what: `there is no entry ${seq} to edit here`, meant: null });
    if ('insert' in edit || seq !== edit.seq || !line.isDerived(entry)) continue;
    const what = `entry ${seq} follows from entry ${entry.cause} by itself: edit that one`;
    throw new InvalidOption({ what, meant: String(entry.cause) });
  }
}

/** An event that no machine has heard of changes nothing, and whoever mistyped it would learn nothing from that. */
function refuseUnknown(edit: ForkEdit, machines: Machines): void {
  const event = 'insert' in edit ? edit.insert.event : 'event' in edit ? edit.event : null;
  if (event === null) return;
  if (typeof event !== 'object' || !('type' in event) || typeof event.type !== 'string') {
    throw new InvalidOption({ what: `an event is an object with a "type", not ${JSON.stringify(event)}`, meant: null });
  }
  const others = Object.values(machines).flatMap((machine) => machine.events as readonly string[]);
  const known = new Set<string>([...UNIT_EVENTS, ...SUPERVISOR_EVENTS, 'unit.added', 'unit.released', ...others]);
  if (known.has(event.type)) return;
  throw new InvalidOption({ what: `there is no event "${event.type}"`, meant: nearest(event.type, known) });
}

function partingsOf(recorded: readonly Entry[], forked: readonly Entry[]): readonly Parting[] {
  const [before, after] = [byUnit(recorded), byUnit(forked)];
  const ids = [...new Set([...before.keys(), ...after.keys()])];
  return ids
    .flatMap((unitId) => partingOf(unitId, before.get(unitId) ?? [], after.get(unitId) ?? []) ?? [])
    .sort((a, b) => momentOf(a) - momentOf(b));
}

function partingOf(unitId: UnitId, recorded: readonly Entry[], forked: readonly Entry[]): Parting | null {
  for (let at = 0; at < Math.max(recorded.length, forked.length); at++) {
    const [one, other] = [recorded[at] ?? null, forked[at] ?? null];
    const differences = differencesBetween(decided(one), decided(other));
    if (differences.length > 0) return { unitId, recorded: one, forked: other, differences };
  }
  return null;
}

const momentOf = ({ recorded, forked }: Parting): number => recorded?.monoMs ?? forked?.monoMs ?? 0;

/** What counts. Which units the supervisor has looked at is its own affair, as long as it decides the same. */
function decided(entry: Entry | null): Json {
  if (entry === null) return null;
  const { unitId, event, value, patch, commands } = entry;
  const shown = unitId === SUPERVISOR ? { type: event.type } : event;
  return JSON.parse(JSON.stringify({ event: shown, value, patch, commands })) as Json;
}

function endsOf(history: History, to: number, here: ReadonlyMap<UnitId, StateValue>): Fork['ends'] {
  const ids = new Set([...history.unitIds, ...here.keys()]);
  return [...ids].flatMap((unitId) => {
    const [moment, value] = [momentAt(history, unitId, to), here.get(unitId)];
    const recorded = moment && !isForgotten(history, moment) ? printState(moment.value) : null;
    const forked = value === undefined ? null : printState(value);
    return recorded === forked ? [] : [{ unitId, recorded, forked }];
  });
}

/** Its last entry made it go. */
const isForgotten = (history: History, { seq }: UnitMoment): boolean =>
  history.entry(seq)?.commands.some(({ type }) => type === 'forgetUnit') ?? false;

function byUnit(entries: readonly Entry[]): ReadonlyMap<UnitId, readonly Entry[]> {
  return Map.groupBy(entries, ({ unitId }) => unitId);
}
