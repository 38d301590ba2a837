/** What the recorder asks of what it takes, and of what it was refused. */
import { isFault } from '../machines/errors.ts';
import type { Entry, Snapshot, Tick } from '../store/rows.ts';
import type { Arrival } from './tick.ts';

/** A full disk may be emptied. What a bug made is refused again for ever. */
export const mayPass = (refusal: unknown): boolean =>
  isFault(refusal) && !('mayPass' in refusal && refusal.mayPass === false);

/** What ends a run. A restart ends one, too, and so leads out of a quarantine. */
const ENDINGS: ReadonlySet<string> = new Set(['stop.requested', 'terminate.requested', 'restart.requested']);

export const isEnding = ({ body }: Arrival): boolean => typeof body !== 'function' && ENDINGS.has(body.type);

export const isRequest = ({ requestId }: Arrival): boolean => requestId !== null;

export const isEmpty = (tick: Tick): boolean => Object.values(tick).every((rows) => rows.length === 0);

export function partition<T>(items: readonly T[], test: (item: T) => boolean): readonly [T[], T[]] {
  const yes: T[] = [];
  const no: T[] = [];
  for (const item of items) (test(item) ? yes : no).push(item);
  return [yes, no];
}

/** A tick that is being written. */
type Draft = { -readonly [Key in keyof Tick]: Tick[Key][number][] };

export function emptyTick(): Draft {
  return {
    unitsAdded: [],
    unitsRemoved: [],
    entries: [],
    snapshots: [],
    timersSet: [],
    timersCleared: [],
    outboxAdded: [],
    outboxDone: [],
    runsOrdered: [],
    runsStarted: [],
    runsEnded: [],
  };
}

/** The state that an entry led to, to be stored beside it. */
export function snapshotOf(entry: Entry, context: Snapshot['context']): Snapshot {
  const { unitId, seq, aseq, version, definition, stateHash, value } = entry;
  return { unitId, seq, aseq, version, definition, stateHash, value, context };
}
