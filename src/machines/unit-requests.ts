import { assertEvent } from 'xstate';
import { queueOf, type UnitContext, type Wish } from './context.ts';
import { type Place, type Request, WISH } from './events.ts';
import { wordsOfEnd } from './outcome.ts';
import { commands } from './unit-commands.ts';
import type { Problem } from './vocabulary.ts';

/** Open requests a unit remembers at most. */
export const WISHES_MAX = 100;

/** Requests (I6): who waits for what, and who gets which answer. */
export const requests = {
  /** Takes the request's side: remembers it, and refuses those that wanted the contrary. */
  takeSide: commands.enqueueActions(({ enqueue, context, event }) => {
    assertEvent(event, ['start.requested', 'restart.requested', 'stop.requested', 'terminate.requested']);
    const desired = WISH[event.type];
    const isUp = desired === 'up';
    for (const wish of context.wishes) {
      if ((WISH[wish.type] === 'up') === isUp) continue;
      enqueue({ type: 'reply', params: { requestId: wish.requestId, problem: superseded(context, wish, event) } });
    }
    const kept = context.wishes.filter((wish) => (WISH[wish.type] === 'up') === isUp);
    if (event.requestId !== null && kept.length >= WISHES_MAX) {
      enqueue({ type: 'reply', params: { requestId: event.requestId, problem: tooManyWishes(context) } });
    } else if (event.requestId !== null) {
      kept.push({ requestId: event.requestId, type: event.type });
    }
    enqueue.assign({
      desired: context.desired === 'removed' ? 'removed' : desired,
      desiredBy: event.by,
      wishes: kept,
      ...(isUp ? { restarts: 0, ...placeInLine(context, event) } : {}),
    });
  }),
  /** It is already so. */
  answer: commands.enqueueActions(({ enqueue, event }) => {
    if ('requestId' in event && event.requestId !== null) {
      enqueue({ type: 'reply', params: { requestId: event.requestId, problem: null } });
    }
  }),
  refuseRemoved: commands.enqueueActions(({ enqueue, context, event }) => {
    if ('requestId' in event && event.requestId !== null) {
      enqueue({ type: 'reply', params: { requestId: event.requestId, problem: beingRemoved(context) } });
    }
  }),
  /** It runs: those who wanted it up have what they wanted. */
  answerUp: commands.enqueueActions(({ enqueue, context }) => {
    for (const wish of context.wishes) {
      if (WISH[wish.type] === 'up') enqueue({ type: 'reply', params: { requestId: wish.requestId, problem: null } });
    }
    enqueue.assign({ wishes: context.wishes.filter((wish) => WISH[wish.type] !== 'up') });
  }),
  /** It rests: those who wanted it down have it; those who wanted it up hear why they do not. */
  answerAll: commands.enqueueActions(({ enqueue, context }) => {
    for (const { requestId, type } of context.wishes) {
      enqueue({ type: 'reply', params: { requestId, problem: WISH[type] === 'up' ? notUp(context) : null } });
    }
    enqueue.assign({ wishes: [] });
  }),
  refuseUp: commands.enqueueActions(({ enqueue, context, event }) => {
    assertEvent(event, 'dependencies.failed');
    for (const wish of context.wishes) {
      enqueue({ type: 'reply', params: { requestId: wish.requestId, problem: event.problem } });
    }
    enqueue.assign({ wishes: [], why: event.problem.message });
  }),
};

/** Asking again for what is wanted already does not lose the place; a restart is wanted anew. */
function placeInLine(context: UnitContext, { type, seq }: Request & Place): Partial<UnitContext> {
  const { spec, desired, requestedSeq } = context;
  const hasPlace = desired === 'up' && requestedSeq !== null && type !== 'restart.requested';
  return queueOf(spec) === null || hasPlace ? {} : { requestedSeq: seq };
}

function superseded({ id }: UnitContext, wish: Wish, event: Request): Problem {
  const [earlier, later] = [wish.type, event.type].map((type) => type.replace('.requested', ''));
  return {
    code: 'Superseded',
    message: `The ${earlier} of "${id}" was superseded by a later ${later} (asked by ${event.by}).`,
    hint: 'The later request wins. Ask again if you still want this one.',
  };
}

const tooManyWishes = ({ id }: UnitContext): Problem => ({
  code: 'TooManyRequests',
  message: `"${id}" already has ${WISHES_MAX} requests that wait for an answer.`,
  hint: 'Wait for some of them, or ask why the unit does not get on: `reeve status`.',
});

const beingRemoved = ({ id }: UnitContext): Problem => ({
  code: 'BeingRemoved',
  message: `"${id}" is being terminated.`,
  hint: 'Wait until it is gone, then add it again.',
});

function notUp({ id, outcome, why }: UnitContext): Problem {
  const reason = why || (outcome ? wordsOfEnd(outcome) : 'nobody wants it up');
  return {
    code: 'StartFailed',
    message: `"${id}" is not up (${outcome?.kind ?? 'it never ran'}): ${reason.replace(/\.$/, '')}.`,
    hint: `See what it printed: \`reeve logs ${id}\`.`,
  };
}
