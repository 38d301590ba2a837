import { setup } from 'xstate';
import type { LocalCommand } from './commands.ts';
import type { SupervisorEvent, UnitEventBody } from './events.ts';
import { isToBeSought, patternOf } from './printed.ts';
import {
  diedAndReturns,
  isNeededBy,
  isUp,
  releasedOf,
  sharesFate,
  stoppableNow,
  type UnitView,
  unmetRequirements,
} from './supervision.ts';
import { MAX_ITERATIONS } from './unit-commands.ts';

/** The supervisor's own name in the journal: no unit can be called so. */
export const SUPERVISOR = '';

type Params<Type extends LocalCommand['type']> = Extract<LocalCommand, { readonly type: Type }>['params'];

export interface SupervisorContext {
  /** Who waits to hear that everything has stopped. */
  readonly waiting: readonly string[];
}

const commands = setup({
  types: {
    context: {} as SupervisorContext,
    events: {} as SupervisorEvent,
    input: {} as Record<string, never>,
  },
  actions: {
    tell: (_scope: unknown, _params: Params<'tell'>): void => {},
    reply: (_scope: unknown, _params: Params<'reply'>): void => {},
  },
});

const supervisor = commands.extend({
  actions: {
    /** A unit that waits is told when it may go on, or that it never will. */
    releaseWaiting: commands.enqueueActions(({ enqueue, event }) => {
      const views = new Map(event.views.map((view) => [view.id, view]));
      for (const view of event.views) {
        if (view.state !== 'spawning' || view.substate !== 'waiting') continue;
        const unmet = unmetRequirements(view, views);
        if (unmet.length === 0) enqueue({ type: 'tell', params: { to: view.id, event: { type: 'dependencies.met' } } });
        const hopeless = unmet.filter((one) => one.hopeless);
        for (const { id: to, requirement } of unmet) {
          const [pattern, other] = [patternOf(requirement), views.get(to)];
          if (pattern === null || !other || !isToBeSought(pattern, other)) continue;
          enqueue({ type: 'tell', params: { to, event: { type: 'print.sought', pattern } } });
        }
        if (hopeless.length > 0) enqueue({ type: 'tell', params: { to: view.id, event: waitsInVain(view, hopeless) } });
      }
    }),
    /** Room goes to one at a time: that it takes it is the next change. */
    grantSlot: commands.enqueueActions(({ enqueue, event }) => {
      const queue = 'queue' in event ? event.queue : undefined;
      const next = event.views.find(({ id }) => id === queue?.next);
      if (!queue || !next || queue.holders.length >= queue.concurrency) return;
      const unmet = unmetRequirements(next, new Map(event.views.map((view) => [view.id, view])));
      const type = unmet.length === 0 ? 'slot.granted' : 'dependencies.lost';
      enqueue({ type: 'tell', params: { to: next.id, event: { type } } });
    }),
    /** A death in a group is the others' business too. */
    shareFate: commands.enqueueActions(({ enqueue, event }) => {
      if (event.type !== 'unit.changed') return;
      const subject = event.views.find(({ id }) => id === event.unit);
      if (!subject) return;
      const by = `group:${subject.group}`;
      const advise = (to: string, more: { held?: true } = {}): void =>
        enqueue({ type: 'tell', params: { to, event: { type: 'restart.advised', by, ...more } } });
      for (const { id } of releasedOf(subject, event.views)) advise(id);
      const touched = sharesFate(subject, event.views).filter(isUp);
      for (const view of touched) {
        const { id: to, substate } = view;
        // One that waits for its own backoff comes back by itself, and not before. Stops go against the order of
        // starts.
        if (diedAndReturns(subject) && substate !== 'backoff') {
          advise(to, isNeededBy(view, touched, event.views) ? { held: true } : {});
        }
        // Over budget: the group gives up as a whole, loudly.
        if (subject.gaveUp) {
          enqueue({ type: 'tell', params: { to, event: { type: 'stop.requested', requestId: null, by } } });
        }
      }
    }),
    startAll: commands.enqueueActions(({ enqueue, event }) => {
      for (const { id: to } of event.views) {
        enqueue({ type: 'tell', params: { to, event: { type: 'start.requested', requestId: null, by: 'up' } } });
      }
    }),
    stopNext: commands.enqueueActions(({ enqueue, event }) => {
      for (const { id: to } of stoppableNow(event.views, event.type === 'unit.changed' ? event.unit : null)) {
        enqueue({ type: 'tell', params: { to, event: { type: 'stop.requested', requestId: null, by: 'down' } } });
      }
    }),
    joinWaiting: commands.assign({
      waiting: ({ context, event }) =>
        'requestId' in event && event.requestId !== null ? [...context.waiting, event.requestId] : context.waiting,
    }),
    answer: commands.enqueueActions(({ enqueue, event }) => {
      if ('requestId' in event && event.requestId !== null) {
        enqueue({ type: 'reply', params: { requestId: event.requestId, problem: null } });
      }
    }),
    answerWaiting: commands.enqueueActions(({ enqueue, context }) => {
      for (const requestId of context.waiting) enqueue({ type: 'reply', params: { requestId, problem: null } });
      enqueue.assign({ waiting: [] });
    }),
    supersedeWaiting: commands.enqueueActions(({ enqueue, context }) => {
      for (const requestId of context.waiting) enqueue({ type: 'reply', params: { requestId, problem: SUPERSEDED } });
      enqueue.assign({ waiting: [] });
    }),
  },
  guards: {
    allAtRest: ({ event }) => event.up === 0,
  },
});

/**
 * Order, groups, escalation and shutdown: what concerns several units at once.
 *
 * It keeps no truth of its own. Every event brings the views it is decided on, so that it can be rebuilt from the units
 * at any time, and an entry of its journal can be read without the others.
 */
export const supervisorMachine = supervisor.createMachine({
  id: 'supervisor',
  version: '1',
  context: { waiting: [] },
  options: { maxIterations: MAX_ITERATIONS },
  initial: 'supervising',
  states: {
    supervising: {
      on: {
        'unit.changed': { actions: ['releaseWaiting', 'grantSlot', 'shareFate'] },
        'up.requested': { actions: ['startAll', 'answer'] },
        'down.requested': [
          { guard: 'allAtRest', target: 'stopped', actions: 'answer' },
          { target: 'stopping', actions: ['joinWaiting', 'stopNext'] },
        ],
      },
    },
    // Against the order of starts: a unit is stopped when nobody that is up needs it any more.
    stopping: {
      on: {
        'unit.changed': [{ guard: 'allAtRest', target: 'stopped', actions: 'answerWaiting' }, { actions: 'stopNext' }],
        'down.requested': { actions: ['joinWaiting', 'stopNext'] },
        'up.requested': { target: 'supervising', actions: ['supersedeWaiting', 'startAll', 'answer'] },
      },
    },
    stopped: {
      on: {
        // Single units may be started again; the rest stays down.
        'unit.changed': { target: 'supervising', actions: ['releaseWaiting', 'grantSlot', 'shareFate'] },
        'up.requested': { target: 'supervising', actions: ['startAll', 'answer'] },
        'down.requested': [
          { guard: 'allAtRest', actions: 'answer' },
          { target: 'stopping', actions: ['joinWaiting', 'stopNext'] },
        ],
      },
    },
  },
});

const SUPERSEDED = {
  code: 'Superseded',
  message: 'The shutdown was superseded by a later `up`.',
  hint: 'The later request wins. Ask again if you still want everything stopped.',
};

function waitsInVain(view: UnitView, hopeless: readonly { readonly words: string }[]): UnitEventBody {
  return {
    type: 'dependencies.failed',
    problem: {
      code: 'DependencyFailed',
      message: `"${view.id}" waits for ${hopeless.map(({ words }) => words).join(' and ')}.`,
      hint: 'Start what it waits for; it goes on by itself then.',
    },
  };
}
