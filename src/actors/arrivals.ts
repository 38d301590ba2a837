/** What arrives at the recorder, and what it asks of it, and of what it was refused. */
import { isFault } from '../machines/errors.ts';
import type { EventBody, Moment, SupervisorEventBody } from '../machines/events.ts';
import { stateOf } from '../machines/view.ts';
import type { UnitId } from '../machines/vocabulary.ts';
import type { Entry, Snapshot, Tick } from '../store/rows.ts';
import type { UnitActor } from './unit-actor.ts';

/** An event on its way into the journal. */
export interface Arrival {
  readonly unitId: UnitId;
  readonly body: EventBody | Deferred;
  readonly cause: number | null;
  /** Who waits for an answer. */
  readonly requestId: string | null;
  readonly moment: Moment;
  /** How many other events led here within this tick. */
  readonly depth: number;
}

/** The supervisor's events are made when their turn comes, from what is true then. */
export interface Deferred {
  readonly type: SupervisorEventBody['type'];
  readonly make: (snapshotOf: (actor: UnitActor) => UnitActor['snapshot']) => SupervisorEventBody;
}

/** A full disk may be emptied. What a bug made is refused again for ever. */
export const mayPass = (refusal: unknown): boolean =>
  isFault(refusal) && !('mayPass' in refusal && refusal.mayPass === false);

/** What ends a run. A restart ends one, too, and so leads out of a quarantine. */
const ENDINGS: ReadonlySet<string> = new Set(['stop.requested', 'terminate.requested', 'restart.requested']);

export const isEnding = ({ body }: Arrival): boolean => ENDINGS.has(body.type);

/** What brings everything to rest. A bounded number of entries: whatever it ends does not begin again. */
const LEADS_TO_REST: ReadonlySet<string> = new Set([
  'stop.requested',
  'terminate.requested',
  'down.requested',
  'run.exited',
  'run.lost',
  'run.swept',
  'run.revoked',
  'run.launch-failed',
]);

export const leadsToRest = ({ type }: Arrival['body']): boolean => LEADS_TO_REST.has(type) || type.startsWith('timer.');

const ANSWERS_TO_LAUNCH: ReadonlySet<string> = new Set([
  'run.launched',
  'run.launch-failed',
  'run.revoked',
  'run.exited',
  'run.lost',
]);

export const answersLaunch = ({ type }: { readonly type: string }): boolean => ANSWERS_TO_LAUNCH.has(type);

/** A request that nothing but a launch can satisfy. */
export function needsLaunch({ body }: Pick<Arrival, 'body'>, actor: UnitActor | undefined): boolean {
  if (body.type === 'up.requested') return true;
  if (!actor) return false;
  const isUp = actor.snapshot.hasTag('alive') && stateOf(actor.snapshot.value).state !== 'stopping';
  return body.type === 'restart.requested' || (body.type === 'start.requested' && !isUp);
}

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
