import type { UnitContext } from '../machines/context.ts';
import { stateOf } from '../machines/view.ts';
import type { TimerName } from '../machines/vocabulary.ts';
import type { Store, TimerRow } from '../store/rows.ts';
import type { Clock } from './ports.ts';
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
 * A timer as the entry started it that started it last, with what is left of it.
 *
 * In which boot that was is not known, and the wall clock may have been set: it has waited for as long as both clocks
 * say at most. `null`: no entry that is still there has started it.
 */
export function startedLast(
  { id }: UnitActor,
  timer: TimerName,
  { store, clock }: { readonly store: Store; readonly clock: Clock },
): TimerRow | null {
  const [nowMs, nowWallMs] = [clock.monoMs(), clock.wallMs()];
  let found: TimerRow | null = null;
  for (const { seq, atMs, monoMs, commands } of store.journal({ unitId: id })) {
    for (const command of commands) {
      if (command.type !== 'startTimer' || command.params.timer !== timer) continue;
      const { ms: lengthMs, restore } = command.params;
      const waitedMs = Math.min(nowWallMs - atMs, monoMs <= nowMs ? nowMs - monoMs : Number.POSITIVE_INFINITY);
      const leftMs = Math.max(0, lengthMs - Math.max(0, waitedMs));
      const due = { dueMonoMs: nowMs + leftMs, dueWallMs: nowWallMs + leftMs };
      found = { unitId: id, timer, seq, bootId: clock.bootId, ...due, lengthMs, restore };
    }
  }
  return found;
}
