import { readFileSync } from 'node:fs';
import type { Log } from '../../actors/ports.ts';
import type { RunId, UnitId } from '../../machines/vocabulary.ts';
import { identify } from '../system/identity.ts';
import { inSlices, lookForMarkers, type Marked } from './marked.ts';
import { ticksOf } from './record.ts';
import type { Sweeper } from './sweeper.ts';

/** What outlived its run is asked before it is killed. */
const GRACE_MS = 5_000;

export type OrphanedRun = Omit<Marked, 'pid' | 'ownerId'>;

/** Whose processes these are, which of its runs are open, and which units leave things behind on purpose. */
export interface Household {
  readonly ownerId: string;
  readonly openRuns: readonly RunId[];
  readonly sparedUnits: readonly UnitId[];
}

/**
 * Runs of this installation that somebody still carries the marker of, though they are over. Lets others work
 * meanwhile: a run that begins after the call is none of them.
 */
export async function orphanedRuns(
  household: Household,
  look: () => Iterable<Marked | null> = lookForMarkers,
): Promise<readonly OrphanedRun[]> {
  const sinceTicks = ticksOf(readFileSync('/proc/uptime', 'latin1').split(' ')[0] ?? '');
  const found = await inSlices(look());
  // A number may come free while we look, and be given to what has just begun.
  const isOlder = ({ pid }: Marked): boolean => Number(identify(pid)?.startTicks ?? Infinity) < sinceTicks;
  return runsOf(found, household, isOlder);
}

/** The same for whoever has nothing else to do. */
export const orphanedRunsNow = (household: Household): readonly OrphanedRun[] =>
  runsOf([...lookForMarkers()], household, () => true);

function runsOf(
  found: readonly (Marked | null)[],
  { ownerId, openRuns, sparedUnits }: Household,
  isMeant: (marked: Marked) => boolean,
): readonly OrphanedRun[] {
  const [open, spared] = [new Set(openRuns), new Set(sparedUnits)];
  const runs = new Map<RunId, OrphanedRun>();
  for (const marked of found) {
    if (marked === null || marked.ownerId !== ownerId || open.has(marked.runId) || spared.has(marked.unitId)) continue;
    const { unitId, runId, marker } = marked;
    if (isMeant(marked)) runs.set(runId, { unitId, runId, marker });
  }
  return [...runs.values()];
}

export async function endOrphans(
  orphans: Promise<readonly OrphanedRun[]>,
  sweeper: Sweeper,
  later: (ms: number, run: () => void) => void,
  log: Log,
): Promise<void> {
  for (const { runId, unitId, marker } of await orphans) {
    log.warn({ unit: unitId }, `something of run ${runId} outlived it, and is ended now`);
    const remains = { marker, child: null, launcher: null, endedTicks: null };
    sweeper.sweep({ runId, how: 'terminate', remains, done: () => {} });
    later(GRACE_MS, () => sweeper.sweep({ runId, how: 'kill', remains, done: () => {} }));
  }
}
