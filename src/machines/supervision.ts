import { isFailure, type OutcomeKind } from './outcome.ts';
import { canPrint, hasPrinted, type Printed, patternOf } from './printed.ts';
import type { GroupStrategy, Requirement } from './spec.ts';
import type { Desired, TopState, UnitId, UnitKind } from './vocabulary.ts';

/** What the supervisor sees of a unit. Made from the unit's own state whenever it is needed, never kept. */
export interface UnitView {
  readonly id: UnitId;
  readonly kind: UnitKind;
  readonly state: TopState;
  readonly substate: string | null;
  readonly ready: boolean;
  readonly desired: Desired;
  readonly outcome: OutcomeKind | null;
  /** Its restart budget is spent: a reason for its group to end. */
  readonly gaveUp: boolean;
  readonly after: Readonly<Record<UnitId, Requirement>>;
  readonly group: string | null;
  readonly strategy: GroupStrategy;
  /** It is up, and shall start over with its group as soon as nobody needs it any more. */
  readonly owed?: true;
  /** Where others wait for what its run prints. */
  readonly printed?: Printed;
}

/** A queue as the supervisor sees it. `next`: whose turn it is, `null` where nobody waits for room. */
export interface QueueView {
  readonly name: string;
  readonly concurrency: number;
  /** Who is in it, from the launch to the end of the run. */
  readonly holders: readonly UnitId[];
  readonly next: UnitId | null;
}

export interface Unmet {
  readonly id: UnitId;
  readonly requirement: Requirement;
  /** It cannot come true by itself any more: somebody has to act. */
  readonly hopeless: boolean;
  readonly words: string;
}

/** Which requirements of a unit do not hold yet. An id that is not among the views is unmet, and hopeless. */
export function unmetRequirements(view: UnitView, views: Pick<ReadonlyMap<UnitId, UnitView>, 'get'>): readonly Unmet[] {
  return Object.entries(view.after).flatMap(([id, requirement]) => {
    const other = views.get(id);
    if (other && isMet(requirement, other)) return [];
    const hopeless = !other || isHopeless(requirement, other);
    const words = `${wordsOfNeed(id, requirement)} (it is ${other ? wordsOf(other) : 'gone'})`;
    return [{ id, requirement, hopeless, words }];
  });
}

function isMet(requirement: Requirement, view: UnitView): boolean {
  const { state, ready, outcome, owed } = view;
  if (owed) return false;
  switch (requirement) {
    case 'running':
      return state === 'running' || state === 'idle-stalled';
    case 'ready':
      return ready;
    case 'finished':
      return state === 'reaped' && outcome === 'finished';
    case 'reaped':
      return state === 'reaped' && outcome !== null;
    default:
      return hasPrinted(patternOf(requirement) ?? '', view);
  }
}

function isHopeless(requirement: Requirement, view: UnitView): boolean {
  const { state, substate, outcome } = view;
  const pattern = patternOf(requirement);
  if (pattern !== null) return outcome !== null && !canPrint(pattern, view);
  const settled = state === 'reaped' && substate === 'settled' && outcome !== null;
  return settled && (requirement !== 'finished' || outcome !== 'finished');
}

/** `db to be ready`, `db to print /listening/`. */
export function wordsOfNeed(id: UnitId, requirement: Requirement): string {
  const pattern = patternOf(requirement);
  return `${id} ${pattern === null ? `to be ${requirement}` : `to print /${pattern}/`}`;
}

export const wordsOf = ({ state, substate, outcome }: UnitView): string =>
  outcome === null ? (substate ?? state) : `${state}: ${outcome}`;

/**
 * Units that may be stopped now: up, and nobody that is up still needs them. Stops go against the order of starts.
 *
 * After a change only the unit itself and what it needed can have become free, and only of those the views are
 * complete.
 */
export function stoppableNow(views: readonly UnitView[], changed: UnitId | null): readonly UnitView[] {
  const up = views.filter(isUp);
  const needed = new Set(up.flatMap(({ after }) => Object.keys(after)));
  const subject = views.find(({ id }) => id === changed);
  const candidates = subject ? new Set([subject.id, ...Object.keys(subject.after)]) : null;
  return up.filter(
    ({ id, state, desired }) =>
      !needed.has(id) && (candidates?.has(id) ?? true) && (state !== 'stopping' || desired === 'up'),
  );
}

/** Anything but at rest. A unit in backoff is up: it would come back. */
export const isUp = ({ state, substate }: Pick<UnitView, 'state' | 'substate'>): boolean =>
  !(state === 'reaped' && substate === 'settled');

/** A death that nobody asked for, after which policy starts the unit again. */
export const diedAndReturns = ({ state, substate, outcome }: UnitView): boolean =>
  state === 'reaped' && substate === 'backoff' && outcome !== null && isFailure(outcome);

/** The members of its group that share the fate of a unit, in the order of the spec (OTP's strategies). */
export function sharesFate(subject: UnitView, views: readonly UnitView[]): readonly UnitView[] {
  if (subject.group === null || subject.strategy === 'one-for-one') return [];
  const members = views.filter(({ group }) => group === subject.group);
  const position = members.findIndex(({ id }) => id === subject.id);
  return subject.strategy === 'one-for-all'
    ? members.filter(({ id }) => id !== subject.id)
    : members.slice(position + 1);
}

/** Whether one of these, which is up, needs that unit: itself, or by way of others. */
export function isNeededBy({ id }: UnitView, others: readonly UnitView[], views: readonly UnitView[]): boolean {
  const needing = new Set([id]);
  for (let before = 0; before !== needing.size; ) {
    before = needing.size;
    for (const view of views) if (Object.keys(view.after).some((needed) => needing.has(needed))) needing.add(view.id);
  }
  return others.some((one) => one.id !== id && needing.has(one.id) && !['spawning', 'reaped'].includes(one.state));
}

/** Of a group that starts over: who can do so now, because all that needed it have ended. */
export const releasedOf = ({ group }: UnitView, views: readonly UnitView[]): readonly UnitView[] => {
  const members = views.filter((view) => view.group === group);
  const ending = members.filter(({ state, owed }) => owed || state === 'stopping');
  return members.filter((view) => view.owed && !isNeededBy(view, ending, members));
};
