/** What the recorder asks of what it takes, and of what it was refused. */
import { isFault } from '../machines/errors.ts';
import { SUPERVISOR } from '../machines/supervisor.ts';
import type { Tick } from '../store/rows.ts';
import type { Arrival } from './tick.ts';

/** A full disk may be emptied. What a bug made is refused again for ever. */
export const mayPass = (refusal: unknown): boolean =>
  isFault(refusal) && !('mayPass' in refusal && refusal.mayPass === false);

/** What ends a run. A restart ends one, too, and so leads out of a quarantine. */
const ENDINGS: ReadonlySet<string> = new Set(['stop.requested', 'terminate.requested', 'restart.requested']);

export const isEnding = ({ body }: Arrival): boolean => typeof body !== 'function' && ENDINGS.has(body.type);

export function isRequest({ body, unitId }: Arrival): boolean {
  if (typeof body === 'function') return unitId === SUPERVISOR;
  return 'requestId' in body && body.requestId !== null;
}

export const isEmpty = (tick: Tick): boolean => Object.values(tick).every((rows) => rows.length === 0);

export function partition<T>(items: readonly T[], test: (item: T) => boolean): readonly [T[], T[]] {
  const yes: T[] = [];
  const no: T[] = [];
  for (const item of items) (test(item) ? yes : no).push(item);
  return [yes, no];
}
