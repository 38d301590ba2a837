import { randomBytes } from 'node:crypto';
import type { UnitStatus } from '../../../index.ts';

/** More jobs that nobody named and that have ended are not shown, unless they are asked for. */
const ENDED_SHOWN = 5;

/** A name for a job that nobody named: sorts by time, and two at once differ. */
export const newRunId = (): string => `run-${Date.now().toString(36)}-${randomBytes(2).toString('hex')}`;

/** A job that nobody named and that has ended: nobody means it who does not write its whole name. */
export const isEndedRun = ({ id, substate }: UnitStatus): boolean => isUnnamed(id) && substate === 'settled';

/** All units, but of the ended jobs that nobody named only the newest. */
export function withoutOldRuns(units: readonly UnitStatus[]): readonly UnitStatus[] {
  const ended = units.filter(isEndedRun);
  const old = new Set(ended.slice(0, -ENDED_SHOWN));
  return units.filter((unit) => !old.has(unit));
}

export const isUnnamed = (id: string): boolean => /^run-[0-9a-z]+-[0-9a-f]{4}$/.test(id);
