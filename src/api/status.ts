import { queueOf, type UnitContext } from '../machines/context.ts';
import { portOf } from '../machines/port.ts';
import { wordsOfNeed } from '../machines/supervision.ts';
import { awaitsLaunch, stateOf } from '../machines/view.ts';
import type { UnitStatus } from './types.ts';

/** What is not in the machine of a unit. */
interface Seen {
  readonly ready: boolean;
  readonly quarantined: string | null;
  readonly activity?: UnitStatus['activity'];
  /** Why it does not begin; without it only what its spec says. */
  readonly waits?: string;
}

/** A unit as `status` tells it. The same from a live actor and from the files of one that is not. */
export function statusOf(
  context: UnitContext,
  value: unknown,
  { ready, quarantined, activity = null, waits }: Seen,
): UnitStatus {
  const { id, spec, desired, run, generation, outcome, restarts, blocked, why } = context;
  const { state, substate } = stateOf(value);
  // A unit that waits has no run yet; the one it had is history.
  const shown = run && !(state === 'reaped' && substate === 'backoff') && !awaitsLaunch(value) ? run : null;
  const isOver = state === 'reaped';
  return {
    id,
    kind: spec.kind,
    state,
    substate,
    ready,
    desired,
    run: shown && {
      runId: shown.runId,
      generation,
      pid: isOver ? null : (shown.handle?.pid ?? null),
      startedMs: shown.startedMs,
      adopted: shown.adopted,
    },
    outcome: outcome?.kind ?? null,
    restarts,
    port: portOf(spec, run?.handle ?? null),
    activity,
    blocked,
    quarantined,
    why: quarantined ?? (waits || why || waitingWords(context, substate)),
  };
}

function waitingWords({ spec }: UnitContext, substate: string | null): string {
  if (substate === 'queued') return `waits for room in queue ${queueOf(spec)}`;
  if (substate === 'delayed') return 'waits until its delay is over';
  if (substate !== 'waiting') return '';
  const needs = Object.entries(spec.after).map(([id, requirement]) => wordsOfNeed(id, requirement));
  return `waits for ${needs.join(' and ')}`;
}
