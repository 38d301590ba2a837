import type { DriverCall } from '../../actors/ports.ts';
import type { RunRef } from '../../machines/commands.ts';
import type { RunId, UnitId } from '../../machines/vocabulary.ts';
import type { ProgramSpec } from './environment.ts';

/**
 * Knows which runs of this installation may still have processes by right. Grows with the units, not with their runs.
 */
export interface OpenRuns {
  /** What was open when this orchestrator began, and units that leave things behind on purpose. */
  found(openRuns: readonly RunId[], sparedUnits: readonly UnitId[]): void;
  /** Launched: the one run of its unit from now on. */
  began(call: DriverCall): void;
  /**
   * Whether it is the one run of its unit: neither over, nor forgotten, nor followed by another. Whoever was forgotten
   * while its launch was prepared has left no claim that would say so.
   */
  isCurrent(run: Pick<RunRef, 'unitId' | 'runId'>): boolean;
  /** Swept: nobody of it is to be there any more. */
  ended(run: RunRef): void;
  /** Forgotten, and with it what its unit was allowed to leave behind. */
  discarded(run: RunRef): void;
  /** Whether what is left of this run is to be ended. In doubt it is not. */
  isStale(run: Pick<RunRef, 'unitId' | 'runId'>): boolean;
}

export function openRuns(): OpenRuns {
  const current = new Map<UnitId, RunId>();
  const spared = new Set<UnitId>();
  let before: Set<RunId> | null = null;

  function ended({ unitId, runId }: RunRef): void {
    before?.delete(runId);
    if (current.get(unitId) === runId) current.delete(unitId);
  }
  return {
    found(runs, units) {
      before = new Set(runs);
      for (const unitId of units) spared.add(unitId);
    },
    began({ run: { unitId, runId }, spec }) {
      current.set(unitId, runId);
      if ((spec as ProgramSpec).keepDescendants) spared.add(unitId);
      else spared.delete(unitId);
    },
    isCurrent: ({ unitId, runId }) => current.get(unitId) === runId,
    ended,
    discarded(run) {
      ended(run);
      spared.delete(run.unitId);
    },
    isStale({ unitId, runId }) {
      return before !== null && !before.has(runId) && !spared.has(unitId) && current.get(unitId) !== runId;
    },
  };
}
