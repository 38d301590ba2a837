/**
 * What servers, jobs and watchers have in common: the names of everything a unit can do and ask.
 *
 * `life.ts` says in which state which of these happens; this file and its neighbours say what each name means.
 */
import { assertEvent } from 'xstate';
import { askOf, awaitsFirstObservation, delayMsOf, keepsDescendants, queueOf, readyOf } from './context.ts';
import { type CommandParams, commands } from './unit-commands.ts';
import { prints } from './unit-prints.ts';
import { requests } from './unit-requests.ts';
import { causes, endings, runs } from './unit-runs.ts';
import { probes, timers } from './unit-timers.ts';

const OBSERVED_MAX = 100;

const watching = {
  gatherObserved: commands.assign({
    observed: ({ context, event }) => {
      assertEvent(event, 'watch.observed');
      return [...new Set([...context.observed, ...event.what])].slice(-OBSERVED_MAX);
    },
  }),
  act: commands.enqueueActions(({ enqueue, context: { id, spec } }) => {
    if (spec.kind !== 'watcher') return;
    const by = `watcher:${id}`;
    const { stop, restart, start, run } = spec.then;
    for (const to of stop) tell(to, { type: 'stop.requested', requestId: null, by });
    for (const to of restart) tell(to, { type: 'restart.advised', by });
    for (const to of [...start, ...run]) tell(to, { type: 'start.requested', requestId: null, by });
    enqueue.assign({ observed: [] });

    function tell(to: string, event: CommandParams['tell']['event']): void {
      enqueue({ type: 'tell', params: { to, event } });
    }
  }),
};

export const unit = commands.extend({
  actions: { ...timers, ...probes, ...requests, ...causes, ...endings, ...runs, ...prints, ...watching },
  guards: {
    isBeingRemoved: ({ context }) => context.desired === 'removed',
    isHeld: ({ event }) => 'held' in event,
    isUnwanted: ({ context }) => context.desired !== 'up',
    isDelayed: ({ context: { spec } }) => delayMsOf(spec) > 0,
    isQueued: ({ context: { spec } }) => queueOf(spec) !== null,
    waitsForNothing: ({ context: { spec } }) => Object.keys(spec.after).length === 0,
    mustProveItself: ({ context: { spec } }) => readyOf(spec) !== null || awaitsFirstObservation(spec),
    canBeAsked: ({ context: { spec } }) => askOf(spec) !== null,
    keepsDescendants: ({ context: { spec } }) => keepsDescendants(spec),
    idleIsReported: ({ context: { spec } }) => (spec.idle?.then ?? 'report') === 'report',
    idleMeansStop: ({ context: { spec } }) => spec.idle?.then === 'stop',
    /** It was made to end in order to begin again, or somebody asked for that meanwhile: policy has no say. */
    isRestarting: ({ context: { desired, again, outcome, spec } }) =>
      desired === 'up' &&
      (again || outcome?.kind === 'stopped' || (outcome?.kind === 'idle' && spec.idle?.then === 'restart')),
    isUnsought: ({ context: { run }, event }) => 'pattern' in event && run?.printed?.[event.pattern] === undefined,
    policyRestarts: ({ context }) => context.verdict?.kind === 'restart',
    /** At rest, and not by policy: a manual stop beats every policy, and so does never having been started. */
    wasStoppedByHand: ({ context: { verdict, outcome } }) => verdict?.kind !== 'settle' && outcome?.kind !== 'idle',
  },
});
