import type { TimerName, UnitId } from '../machines/vocabulary.ts';
import type { TimerRow } from '../store/rows.ts';
import { pop, push } from './heap.ts';
import type { Clock } from './ports.ts';

/** All timers of all units behind one timer of the clock. A delay may have any length. */
export interface Wheel {
  /** One that is due at `Infinity` is armed, and does not fire before it is armed again. */
  arm(row: TimerRow): void;
  disarm(unitId: UnitId, timer: TimerName): void;
  disarmAll(unitId: UnitId): void;
  armed(unitId: UnitId, timer: TimerName): TimerRow | undefined;
  of(unitId: UnitId): readonly TimerRow[];
  /** Nothing fires before: what became of a run while nobody looked comes before any deadline of it. */
  start(): void;
  close(): void;
}

/**
 * A heap of due times. Disarmed rows stay in the heap until they come to its top: most timers are cancelled, and
 * finding one inside a heap costs more than skipping it.
 */
export function createWheel(clock: Clock, fire: (row: TimerRow) => void): Wheel {
  const live = new Map<UnitId, Map<TimerName, TimerRow>>();
  const heap: TimerRow[] = [];
  let wakeAtMs = Number.POSITIVE_INFINITY;
  let cancelWake: () => void = () => {};
  let isStarted = false;

  return {
    arm(row) {
      const timers = live.get(row.unitId);
      if (timers) timers.set(row.timer, row);
      else live.set(row.unitId, new Map([[row.timer, row]]));
      if (Number.isFinite(row.dueMonoMs)) push(heap, row, isBefore);
      wakeForFirst();
    },
    disarm(unitId, timer) {
      const timers = live.get(unitId);
      timers?.delete(timer);
      if (timers?.size === 0) live.delete(unitId);
    },
    disarmAll: (unitId) => void live.delete(unitId),
    armed: (unitId, timer) => live.get(unitId)?.get(timer),
    of: (unitId) => [...(live.get(unitId)?.values() ?? [])],
    start() {
      isStarted = true;
      wakeForFirst();
    },
    close() {
      cancelWake();
      live.clear();
      heap.length = 0;
    },
  };

  function isLive(row: TimerRow): boolean {
    return live.get(row.unitId)?.get(row.timer) === row;
  }

  function wakeForFirst(): void {
    while (heap[0] && !isLive(heap[0])) pop(heap, isBefore);
    const first = heap[0];
    if (!isStarted || !first || first.dueMonoMs >= wakeAtMs) return;
    cancelWake();
    wakeAtMs = first.dueMonoMs;
    cancelWake = clock.setTimer(Math.max(0, first.dueMonoMs - clock.monoMs()), wake);
  }

  function wake(): void {
    wakeAtMs = Number.POSITIVE_INFINITY;
    const nowMs = clock.monoMs();
    while (heap[0] && heap[0].dueMonoMs <= nowMs) {
      const row = heap[0];
      pop(heap, isBefore);
      if (isLive(row)) fire(row);
    }
    wakeForFirst();
  }
}

const isBefore = (a: TimerRow, b: TimerRow): boolean =>
  a.dueMonoMs < b.dueMonoMs || (a.dueMonoMs === b.dueMonoMs && a.seq < b.seq);
