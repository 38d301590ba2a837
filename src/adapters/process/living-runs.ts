import { readdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Handle, RunId, UnitId } from '../../machines/vocabulary.ts';
import { inSlices, lookForMarkers } from './marked.ts';
import { RUN_ID, runPaths, runsDirectory } from './run-directory.ts';
import { verdictOn } from './verdict.ts';

/** A run that lives, by its record and its identity. */
export interface LivingRun {
  readonly runId: RunId;
  /** `null`: nothing of it carries its marker any more, so nobody can tell whose run it is. */
  readonly unitId: UnitId | null;
  readonly handle: Handle;
  readonly startedMs: number | null;
}

export interface RunsFound {
  /** Newest first. */
  readonly living: readonly LivingRun[];
  /** The installation that started them, by their own word. `null`: nothing is left of any run that is kept here. */
  readonly ownerId: string | null;
}

/** Whoever has claimed a launch says soon who the command is, or never. */
const IDENTIFIED_WITHIN_MS = 5_000;
const LOOK_AGAIN_MS = 50;

/**
 * What the run directories and the process table tell where no store does. Changes nothing.
 *
 * A record says who lives, and the marker in the environment whose run that is. Nobody's marker is believed whose run
 * has no directory here: that of another installation.
 */
export async function findLivingRuns(stateDir: string): Promise<RunsFound> {
  const deadline = performance.now() + IDENTIFIED_WITHIN_MS;
  const look = () =>
    keptRuns(stateDir).map((runId) => ({ runId, verdict: verdictOn(runPaths(stateDir, runId), null) }));
  let seen = look();
  while (seen.some(({ verdict }) => verdict.is === 'claimed') && performance.now() < deadline) {
    await pause(LOOK_AGAIN_MS);
    seen = look();
  }
  const markers = await markersOf(new Set(seen.map(({ runId }) => runId)));
  const living = seen.flatMap(({ runId, verdict }): readonly LivingRun[] => {
    if (verdict.is !== 'alive') return [];
    const { handle, startedMs } = verdict;
    return [{ runId, unitId: markers.get(runId)?.unitId ?? null, handle, startedMs }];
  });
  living.sort((a, b) => (b.startedMs ?? 0) - (a.startedMs ?? 0));
  const [owner] = [...living.map(({ runId }) => markers.get(runId)), ...markers.values()].filter((one) => one != null);
  return { living, ownerId: owner?.ownerId ?? null };
}

/** Everything that is kept for runs, by their ids. */
export function keptRuns(stateDir: string): readonly RunId[] {
  try {
    return readdirSync(runsDirectory(stateDir)).filter((name) => RUN_ID.test(name));
  } catch {
    return [];
  }
}

async function markersOf(
  runIds: ReadonlySet<RunId>,
): Promise<ReadonlyMap<RunId, { readonly ownerId: string; readonly unitId: UnitId }>> {
  const found = runIds.size === 0 ? [] : await inSlices(lookForMarkers());
  return new Map(found.flatMap((marked) => (marked && runIds.has(marked.runId) ? [[marked.runId, marked]] : [])));
}
