import type { Clock } from '../../actors/ports.ts';

/** More than any correction of a clock that runs a little wrong. */
const DRIFT_MAX_MS = 1_000;

/**
 * Notices that this process did not live through all of the time that passed: the machine slept, the wall clock was
 * set, or our own event loop stood still. What was measured meanwhile says nothing about others.
 *
 * @param usualMs The longest time that passes between two looks when all is well.
 */
export function gapDetector(clock: Clock, usualMs: number): () => boolean {
  const read = () => ({ wallMs: clock.wallMs(), monoMs: clock.monoMs() });
  let last = read();
  return () => {
    const now = read();
    const monoMs = now.monoMs - last.monoMs;
    const driftMs = Math.abs(now.wallMs - last.wallMs - monoMs);
    last = now;
    return driftMs > DRIFT_MAX_MS || monoMs > 2 * usualMs + DRIFT_MAX_MS;
  };
}
