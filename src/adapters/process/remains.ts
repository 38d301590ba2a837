import type { RunRef } from '../../machines/commands.ts';
import { conditionOf } from '../system/identity.ts';
import { MARKER, markerOf } from './launch-plan.ts';
import { readRecord } from './record.ts';
import type { RunPaths } from './run-directory.ts';
import type { Remains } from './strays.ts';

/** By what the processes of a run are known, read from its record or, where that is gone, its handle. */
export function remainsOf(ownerId: string, run: RunRef, paths: RunPaths): Omit<Remains, 'known'> {
  const record = readRecord(paths.record);
  const child = record?.child ?? run.handle?.identity ?? null;
  const lives = child !== null && conditionOf(child) !== 'gone';
  return {
    marker: `${MARKER}=${markerOf(ownerId, run)}`,
    child,
    launcher: record?.launcher ?? null,
    endedTicks: lives ? Number.POSITIVE_INFINITY : (record?.exit?.uptimeTicks ?? null),
  };
}
