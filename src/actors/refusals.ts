/** Answers that no machine gives, because the request never reached one. */
import type { Problem, UnitId } from '../machines/vocabulary.ts';
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
