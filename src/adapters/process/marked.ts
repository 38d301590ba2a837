import { readdirSync } from 'node:fs';
import type { RunId, UnitId } from '../../machines/vocabulary.ts';
import { initialEnvironment } from '../system/process-table.ts';
import { MARKER } from './launch-plan.ts';

/** A process that carries the marker of a run. */
export interface Marked {
  readonly pid: number;
  readonly ownerId: string;
  readonly unitId: UnitId;
  readonly runId: RunId;
  /** The whole entry of the environment, `REEVE_RUN=…`. */
  readonly marker: string;
}

/**
 * Looks at every process that there is at the call, and yields what is found of each: `null` where it has no marker.
 * A zombie has none any more. The environment is read when the next one is asked for.
 */
export function lookForMarkers(): Iterable<Marked | null> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return (function* () {
    for (const pid of pids) yield markerOn(Number(pid));
  })();
}

function markerOn(pid: number): Marked | null {
  const marker = initialEnvironment(pid).find((entry) => entry.startsWith(`${MARKER}=`));
  const [ownerId, unitId, runId] = marker?.slice(MARKER.length + 1).split('/') ?? [];
  return marker && ownerId && unitId !== undefined && runId ? { pid, ownerId, unitId, runId, marker } : null;
}

/** To read so many environments takes a millisecond or two. */
const SLICE = 50;

/** All of it, in slices: whoever else has something to do in this process does it in between. */
export async function inSlices<T>(items: Iterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for (const item of items) {
    if (found.push(item) % SLICE === 0) await new Promise(setImmediate);
  }
  return found;
}
