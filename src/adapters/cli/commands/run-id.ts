import { randomBytes } from 'node:crypto';
import type { UnitStatus } from '../../../index.ts';

/** More jobs that nobody named and that have ended are not shown, unless they are asked for. */
const ENDED_SHOWN = 5;

/** A name for a job that nobody named: sorts by time, and two at once differ. */
export const newRunId = (): string => `run-${Date.now().toString(36)}-${randomBytes(2).toString('hex')}`;

/** All units, but of the ended jobs that nobody named only the newest. */
export function withoutOldRuns(units: readonly UnitStatus[]): readonly UnitStatus[] {
  const ended = units.filter(({ id, substate }) => isUnnamed(id) && substate === 'settled');
  const old = new Set(ended.slice(0, -ENDED_SHOWN));
  return units.filter((unit) => !old.has(unit));
}

const isUnnamed = (id: string): boolean => /^run-[0-9a-z]+-[0-9a-f]{4}$/.test(id);
