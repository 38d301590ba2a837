import type { UnitContext } from '../machines/context.ts';
import { stateOf } from '../machines/view.ts';
import type { TimerName } from '../machines/vocabulary.ts';
import type { Store, TimerRow } from '../store/rows.ts';
import type { UnitActor } from './unit-actor.ts';

/** The timer that ends each state which nothing else is sure to end (I4), by state or substate. */
export const DEADLINES: Readonly<Record<string, TimerName>> = {
  delayed: 'delay',
  launching: 'launch',
  revoking: 'launch',
  adopting: 'launch',
  'waiting-health': 'start',
  asking: 'ask',
  terminating: 'grace',
  killing: 'kill',
  abandoning: 'kill',
  sweeping: 'sweep',
  backoff: 'backoff',
  gathering: 'debounce',
};

/** The timers that have to be armed for a unit, where it is now. */
export function expectedTimers({ snapshot }: Pick<UnitActor, 'snapshot'>): readonly TimerName[] {
  const { state, substate } = stateOf(snapshot.value);
  const { spec } = snapshot.context as UnitContext;
  const deadline = DEADLINES[substate ?? state];
  const isTimed = spec.kind === 'job' && spec.timeout !== null && AT_WORK.has(state);
  return [...(deadline === undefined ? [] : [deadline]), ...(isTimed ? (['run'] as const) : [])];
}

const AT_WORK: ReadonlySet<string> = new Set(['waiting-health', 'running', 'idle-stalled']);

/**
 * A timer as the entry started it that started it last. Its monotonic time is of no boot that is known, so what is left
 * of it is for the wall clock to tell. `null`: no entry that is still there has.
 */
export function startedLast({ id }: UnitActor, timer: TimerName, store: Store): TimerRow | null {
  let found: TimerRow | null = null;
  for (const { seq, atMs, monoMs, commands } of store.journal({ unitId: id })) {
    for (const command of commands) {
      if (command.type !== 'startTimer' || command.params.timer !== timer) continue;
      const { ms: lengthMs, restore } = command.params;
      const due = { dueMonoMs: monoMs + lengthMs, dueWallMs: atMs + lengthMs };
      found = { unitId: id, timer, seq, bootId: '', ...due, lengthMs, restore };
    }
  }
  return found;
}
