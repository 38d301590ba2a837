/** Answers that no machine gives, because the request never reached one. */
import type { UnitContext } from '../machines/context.ts';
import type { Problem, UnitId } from '../machines/vocabulary.ts';
import type { Arrival } from './arrivals.ts';
import type { UnitActor } from './unit-actor.ts';

export const CLOSED: Problem = {
  code: 'Closed',
  message: 'This reeve is closed.',
  hint: 'Open it again with openReeve().',
};

/** More entries than we keep wait for the store. */
export const TOO_MANY: Problem = {
  code: 'StoreUnwritable',
  message: 'Too many entries already wait for the store to be writable again: not everything is taken any more.',
  hint: 'Make room on its disk. What was missed is found out then.',
};

export const unknownUnit = (id: UnitId): Problem => ({
  code: 'UnknownUnit',
  message: `There is no unit "${id}".`,
  hint: 'See `reeve status` for the ones there are.',
});

export const quarantined = ({ id, quarantined: reason }: UnitActor): Problem => ({
  code: 'Quarantined',
  message: `"${id}" is quarantined: ${reason}`,
  hint: `Its process runs on. It can still be ended: \`reeve stop ${id}\`, or \`reeve restart ${id}\`.`,
});

const BEGINNINGS: ReadonlySet<string> = new Set(['start.requested', 'restart.requested', 'restart.advised']);

/** What was stored of its spec is spoiled: its run can be ended, but nobody knows how to begin another one. */
export const asksTheImpossible = ({ snapshot }: UnitActor, { body }: Pick<Arrival, 'body'>): boolean =>
  BEGINNINGS.has(body.type) && (snapshot.context as UnitContext).spec?.restart === undefined;

export const unreadableSpec = ({ id }: UnitActor): Problem => ({
  code: 'SpecUnreadable',
  message: `"${id}" cannot begin: the spec that is stored for it cannot be read.`,
  hint: `Remove it, and add it anew: \`reeve terminate ${id}\`, then \`reeve up\`.`,
});
