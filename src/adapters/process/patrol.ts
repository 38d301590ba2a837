import type { Clock } from '../../actors/ports.ts';
import type { Observation } from './observation.ts';

/** Events do the work; this only catches what they miss. */
const CALM_MS = 2_000;
const BLIND_MS = 50;

/** One timer that looks after all observed runs, and none while there are none. */
export interface Patrol {
  /** Looks sooner, because something has changed. */
  hurry(): void;
  close(): void;
}

export function patrolRuns(clock: Clock, observations: ReadonlyMap<string, Observation>): Patrol {
  let cancel: (() => void) | null = null;
  let closed = false;

  function arm(): void {
    cancel?.();
    cancel = null;
    if (closed || observations.size === 0) return;
    const someBlind = [...observations.values()].some(({ blind }) => blind);
    cancel = clock.setTimer(someBlind ? BLIND_MS : CALM_MS, () => {
      for (const observation of [...observations.values()]) observation.check();
      arm();
    });
  }
  return {
    hurry: arm,
    close() {
      closed = true;
      cancel?.();
    },
  };
}
