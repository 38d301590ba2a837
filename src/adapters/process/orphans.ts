import type { Log } from '../../actors/ports.ts';
import type { RunId, UnitId } from '../../machines/vocabulary.ts';
import { initialEnvironment, readProcessTable } from '../system/process-table.ts';
import { MARKER } from './launch-plan.ts';
import type { Sweeper } from './sweeper.ts';

/** What outlived its run is asked before it is killed. */
const GRACE_MS = 5_000;

export interface OrphanedRun {
  readonly unitId: UnitId;
  readonly runId: RunId;
  /** The whole entry of the environment, `REEVE_RUN=…`. */
  readonly marker: string;
}

/** Runs of this installation that somebody still carries the marker of, though they are over. */
export function orphanedRuns(
  ownerId: string,
  openRuns: readonly RunId[],
  sparedUnits: readonly UnitId[],
): readonly OrphanedRun[] {
  const [open, spared] = [new Set(openRuns), new Set(sparedUnits)];
  const prefix = `${MARKER}=${ownerId}/`;
  const found = new Map<RunId, OrphanedRun>();
  for (const { pid } of readProcessTable()) {
    const marker = initialEnvironment(pid).find((entry) => entry.startsWith(prefix));
    const [unitId, runId] = marker?.slice(prefix.length).split('/') ?? [];
    if (marker === undefined || unitId === undefined || runId === undefined) continue;
    if (!open.has(runId) && !spared.has(unitId)) found.set(runId, { unitId, runId, marker });
  }
  return [...found.values()];
}

export function endOrphans(
  orphans: readonly OrphanedRun[],
  sweeper: Sweeper,
  later: (ms: number, run: () => void) => void,
  log: Log,
): void {
  for (const { runId, unitId, marker } of orphans) {
    log.warn({ unit: unitId }, `something of run ${runId} outlived it, and is ended now`);
    const remains = { marker, child: null, launcher: null, endedTicks: null };
    sweeper.sweep({ runId, how: 'terminate', remains, done: () => {} });
    later(GRACE_MS, () => sweeper.sweep({ runId, how: 'kill', remains, done: () => {} }));
  }
}
