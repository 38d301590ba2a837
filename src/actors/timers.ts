import type { TimerName, UnitId } from '../machines/vocabulary.ts';
import type { TimerRow } from '../store/rows.ts';
import type { Clock } from './ports.ts';

const keyOf = (unitId: UnitId, timer: TimerName): string => `${unitId} ${timer}`;

/** All timers of all units behind one timer of the clock. A delay may have any length. */
export interface Wheel {
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
  const live = new Map<string, TimerRow>();
  const heap: TimerRow[] = [];
  let wakeAtMs = Number.POSITIVE_INFINITY;
  let cancelWake: () => void = () => {};
  let isStarted = false;

  return {
    arm(row) {
      live.set(keyOf(row.unitId, row.timer), row);
      push(heap, row);
      wakeForFirst();
    },
    disarm(unitId, timer) {
      live.delete(keyOf(unitId, timer));
    },
    disarmAll(unitId) {
      for (const [key, row] of live) if (row.unitId === unitId) live.delete(key);
    },
    armed: (unitId, timer) => live.get(keyOf(unitId, timer)),
    of: (unitId) => [...live.values()].filter((row) => row.unitId === unitId),
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
    return live.get(keyOf(row.unitId, row.timer)) === row;
  }

  function wakeForFirst(): void {
    while (heap[0] && !isLive(heap[0])) pop(heap);
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
      pop(heap);
      if (isLive(row)) fire(row);
    }
    wakeForFirst();
  }
}

const isBefore = (a: TimerRow, b: TimerRow): boolean =>
  a.dueMonoMs < b.dueMonoMs || (a.dueMonoMs === b.dueMonoMs && a.seq < b.seq);

function push(heap: TimerRow[], row: TimerRow): void {
  let at = heap.push(row) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(row, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = row;
}

function pop(heap: TimerRow[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
    if (!isBefore(heap[child]!, last)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
}
