/**
 * `after: { db: "log:/listening/" }`: what the present run of one unit has printed, for others that wait for it.
 *
 * Nobody reads what a run prints unless somebody waits for it. The supervisor asks the unit for it; the unit looks, by
 * its probe, and remembers the answer with its run: so the next run begins anew, and a history knows why one began.
 */
import type { Run } from './context.ts';
import type { Requirement } from './spec.ts';
import type { UnitView } from './supervision.ts';

/** By pattern. `null`: looked for; `false`: all was read, and it was not in it. */
export type Printed = Readonly<Record<string, boolean | null>>;

/** `null`: it is about something else. */
export const patternOf = (requirement: Requirement): string | null =>
  requirement.startsWith('log:/') ? requirement.slice('log:/'.length, -1) : null;

export const soughtIn = (run: Run | null): readonly string[] =>
  Object.entries(run?.printed ?? {}).flatMap(([pattern, found]) => (found === null ? [pattern] : []));

/** A server that has ended says nothing any more; a job that finished has done what it said. */
export const hasPrinted = (pattern: string, view: UnitView): boolean =>
  (isThere(view) || isFinished(view)) && view.printed?.[pattern] === true;

export function canPrint(pattern: string, view: UnitView): boolean {
  return !isAtRest(view) || (isFinished(view) && view.printed?.[pattern] !== false);
}

/** Whether somebody has to begin to look. Whoever looked at a run that has ended may have died before it could say. */
export function isToBeSought(pattern: string, view: UnitView): boolean {
  const known = view.printed?.[pattern];
  return isThere(view) ? known === undefined : isAtRest(view) && isFinished(view) && (known ?? null) === null;
}

const isThere = ({ state }: UnitView): boolean => THERE.has(state);
const THERE: ReadonlySet<string> = new Set(['waiting-health', 'running', 'idle-stalled']);

const isFinished = ({ state, outcome }: UnitView): boolean => state === 'reaped' && outcome === 'finished';
const isAtRest = ({ state, substate }: UnitView): boolean => state === 'reaped' && substate === 'settled';
