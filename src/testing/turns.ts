import type { SimulatedClock } from '../adapters/simulation/clock.ts';
import type { Life } from './life.ts';

/** How long opening and closing may take. */
const PATIENCE_MS = 3_600_000;

/** A turn of the event loop: promises that are settled have told everybody. No time passes. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Lets time pass until something that an orchestrator does has come to its end, or the orchestrator to its own.
 *
 * @throws What the work throws, or `Error` if it never ends.
 */
export async function completed(work: Promise<void>, life: Life, clock: SimulatedClock): Promise<void> {
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  done.catch(() => {});
  const limitMs = clock.monoMs() + PATIENCE_MS;
  for (await nextTurn(); !isDone && !life.isOver; await nextTurn()) {
    const dueMs = clock.isQuiet() ? clock.nextDueMs() : clock.monoMs();
    if (dueMs === null || dueMs > limitMs) throw new Error(`An orchestrator did not get on for ${PATIENCE_MS} ms.`);
    clock.advance(Math.max(0, dueMs - clock.monoMs()));
  }
  if (isDone) await done;
}
