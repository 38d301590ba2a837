import type { AnyMachineSnapshot } from 'xstate';
import type { UnitContext } from './context.ts';
import type { GroupStrategy } from './spec.ts';
import type { UnitView } from './supervision.ts';
import type { TopState } from './vocabulary.ts';

/** `{ stopping: { sweeping: 'killing' } }` is the state `stopping` with the substate `sweeping`. */
export function stateOf(value: unknown): { readonly state: TopState; readonly substate: string | null } {
  const [state, inner] = headOf(value);
  return { state: state as TopState, substate: inner === undefined ? null : headOf(inner)[0] };
}

function headOf(value: unknown): readonly [string, unknown] {
  if (typeof value === 'string') return [value, undefined];
  const [entry] = Object.entries(value as Record<string, unknown>);
  return entry ?? ['', undefined];
}

/** Whether it wants to run, and nothing of a run is under way: it waits for its time, for others, or for room. */
export const awaitsLaunch = (value: unknown): boolean => BEFORE_LAUNCH.has(stateOf(value).substate ?? '');

const BEFORE_LAUNCH: ReadonlySet<string> = new Set(['delayed', 'waiting', 'queued']);

/** A unit as the supervisor sees it. */
export function viewOf(snapshot: AnyMachineSnapshot, strategy: GroupStrategy): UnitView {
  const { id, spec, desired, outcome, verdict, run, again } = snapshot.context as UnitContext;
  const state = stateOf(snapshot.value);
  return {
    id,
    kind: spec.kind,
    ...state,
    ready: snapshot.hasTag('ready'),
    desired,
    outcome: outcome?.kind ?? null,
    gaveUp: state.substate === 'settled' && verdict?.kind === 'settle' && verdict.gaveUp,
    after: spec.after,
    group: spec.group,
    strategy,
    ...(again && snapshot.hasTag('alive') && state.state !== 'stopping' && { owed: true }),
    ...(run?.printed && { printed: run.printed }),
  };
}
