import type { Orchestrator } from '../actors/orchestrator.ts';
import type { Clock, Outputs } from '../actors/ports.ts';
import { isHeldBack } from '../actors/postponed.ts';
import type { UnitActor } from '../actors/unit-actor.ts';
import type { UnitContext } from '../machines/context.ts';
import type { Request } from '../machines/events.ts';
import { SUPERVISOR } from '../machines/supervisor.ts';
import type { RunId, UnitId } from '../machines/vocabulary.ts';
import { parseDuration } from './duration.ts';
import { NotReached, UnknownUnit } from './errors.ts';
import { assertMilestone } from './options.ts';
import { knownRun, resultOf } from './result.ts';
import { statusOf } from './status.ts';
import type { Milestone, UnitHandle, UnitStatus, WaitOptions } from './types.ts';

/** Who looks whether runs work, where their specs want that. */
export interface ActivityWatch {
  beat(runId: RunId, text: string): void;
  activityOf(runId: RunId): UnitStatus['activity'];
}

export interface HandleContext {
  readonly orchestrator: Orchestrator;
  readonly clock: Clock;
  readonly outputs: Outputs;
  readonly activity: ActivityWatch;
  /** Throws once the reeve is closed, and with it the store. */
  readonly refuseClosed: () => void;
}

/** @throws {UnknownUnit} when it is used, not when it is made: the unit may come later. */
export function createHandle(id: UnitId, context: HandleContext): UnitHandle {
  const { orchestrator, outputs, activity, refuseClosed } = context;
  const ask = (type: Request['type']) => (options?: { readonly signal?: AbortSignal; readonly by?: string }) =>
    id === SUPERVISOR
      ? Promise.reject(unknown())
      : orchestrator.request(id, type, options?.by ?? 'user', options?.signal);
  const unknown = (): UnknownUnit =>
    new UnknownUnit({ unitId: id, known: [...orchestrator.registry.units()].map((one) => one.id) });
  const actor = (): UnitActor => {
    const found = id === SUPERVISOR ? undefined : orchestrator.registry.get(id);
    if (!found) throw unknown();
    return found;
  };
  const newestRun = (): string => {
    const { run, epoch } = actor().snapshot.context as UnitContext;
    return run?.runId ?? `${epoch}.0`;
  };
  const runOf = (asked?: string): string =>
    asked === undefined ? newestRun() : knownRun(id, asked, orchestrator.runs(id));

  return {
    id,
    get actor() {
      return actor().ref;
    },
    start: ask('start.requested'),
    stop: ask('stop.requested'),
    restart: ask('restart.requested'),
    terminate: ask('terminate.requested'),
    heartbeat(text = 'heartbeat') {
      const { run } = actor().snapshot.context as UnitContext;
      if (run) activity.beat(run.runId, text);
    },
    status: () => liveStatus(actor(), orchestrator, activity),
    reached: async (milestone, options) => reached(actor(), milestone, context, options),
    async result() {
      refuseClosed();
      return resultOf(liveStatus(actor(), orchestrator), orchestrator.runs(id), outputs);
    },
    history() {
      refuseClosed();
      return orchestrator.runs(id);
    },
    async output({ runId, ...query } = {}) {
      return outputs.read(runOf(runId), { mode: 'full', ...query });
    },
    follow: ({ runId, ...options } = {}) => outputs.follow(runOf(runId), options),
  };
}

type Present = Pick<Orchestrator, 'registry' | 'recorder'>;

export function liveStatus(actor: UnitActor, present: Present, watch?: ActivityWatch): UnitStatus {
  const { snapshot, quarantined } = actor;
  const { run } = snapshot.context as UnitContext;
  const activity = (run && watch?.activityOf(run.runId)) ?? null;
  const waits = heldBackWords(actor, present) || present.registry.whyItWaits(actor);
  return statusOf(snapshot.context, snapshot.value, { ready: snapshot.hasTag('ready'), quarantined, activity, waits });
}

/** Nothing is launched before it is written that it will be. */
function heldBackWords({ id }: UnitActor, { recorder: { degraded, wheel } }: Present): string {
  return degraded && isHeldBack(id, wheel) ? `waits until the store can be written: ${degraded.problem.message}` : '';
}

function reached(
  actor: UnitActor,
  milestone: Milestone,
  { orchestrator, clock, activity }: HandleContext,
  { within, signal }: WaitOptions = {},
): Promise<UnitStatus> {
  signal?.throwIfAborted();
  assertMilestone(milestone);
  const withinMs = within === undefined ? null : parseDuration(within, 'within');
  const { promise, resolve, reject } = Promise.withResolvers<UnitStatus>();
  const missed = (waitedMs: number | null): NotReached => {
    const { state, outcome, why } = liveStatus(actor, orchestrator, activity);
    return new NotReached({ unitId: actor.id, milestone, waitedMs, state, outcome, why });
  };
  const look = (): void => {
    const status = liveStatus(actor, orchestrator, activity);
    if (isThere(status, milestone)) resolve(status);
    else if (cannotBe(status, milestone)) reject(missed(null));
  };
  const subscription = actor.ref.subscribe({ next: look, complete: () => reject(missed(null)) });
  const cancel = withinMs === null ? () => {} : clock.setTimer(withinMs, () => reject(missed(withinMs)));
  const onAbort = (): void => reject(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  look();
  return promise.finally(() => {
    subscription.unsubscribe();
    cancel();
    signal?.removeEventListener('abort', onAbort);
  });
}

function isThere({ state, substate, ready, outcome }: UnitStatus, milestone: Milestone): boolean {
  if (milestone === 'ready') return ready;
  if (milestone === 'settled') return substate === 'settled' && outcome !== null;
  if (milestone === 'finished') return state === 'reaped' && outcome === 'finished';
  return state === milestone;
}

/** At rest after a run: nothing but a request changes that, and whoever waits for more would wait for ever. */
function cannotBe({ substate, outcome }: UnitStatus, milestone: Milestone): boolean {
  return substate === 'settled' && outcome !== null && milestone !== 'reaped';
}
