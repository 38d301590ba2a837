import type { UnitStatus } from '../../index.ts';

/**
 * The process that a kill from outside is to hit.
 *
 * @throws {Error} There is none. A missing pid must never become a number: to kill(2), 0 is the caller's own group.
 */
export function victimOf({ id, run }: UnitStatus): number {
  const pid = run?.pid ?? null;
  if (pid === null || pid <= 1) throw new Error(`"${id}" has no process of its own that could be killed`);
  return pid;
}
