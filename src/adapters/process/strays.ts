import type { ProcessIdentity } from '../../machines/vocabulary.ts';
import { localWorld, type ProcessStat } from '../system/identity.ts';
import { initialEnvironment } from '../system/process-table.ts';

/** What is known of a run whose remains are looked for. */
export interface Remains {
  /** The whole entry of the environment, `REEVE_RUN=…`. */
  readonly marker: string;
  readonly child: ProcessIdentity | null;
  readonly launcher: ProcessIdentity | null;
  /** When the command ended, in ticks since boot. `null`: nobody saw it. */
  readonly endedTicks: number | null;
  /** Found before, by `keyOf`: it stays ours also when its parents are gone. */
  readonly known: ReadonlySet<string>;
}

/** Names one process of this boot. */
export const keyOf = ({ pid, startTicks }: Pick<ProcessStat, 'pid' | 'startTicks'>): string => `${pid}:${startTicks}`;

/**
 * The processes that a run left behind: by marker, by session, and by descent from those.
 *
 * A group is not enough: a daemon leaves it. The marker survives everything but a cleared environment, the session
 * survives that, and descent survives `setsid`; only a program that does all three at once escapes.
 */
export function findStrays(
  table: readonly ProcessStat[],
  remains: Remains,
  environmentOf: (pid: number) => readonly string[] = initialEnvironment,
): readonly ProcessStat[] {
  const untouchable = lineOf(process.pid, table);
  const candidates = table.filter((stat) => !untouchable.has(stat.pid) && !isProcess(stat, remains.launcher));
  const strays = new Map<number, ProcessStat>();
  for (const stat of candidates) {
    const found =
      isProcess(stat, remains.child) ||
      remains.known.has(keyOf(stat)) ||
      isOfSession(stat, remains) ||
      (canDescend(stat, remains) && environmentOf(stat.pid).includes(remains.marker));
    if (found) strays.set(stat.pid, stat);
  }
  // Children of strays are strays; repeated, because the table is in no order that helps.
  for (let before = -1; before !== strays.size; ) {
    before = strays.size;
    for (const stat of candidates) if (strays.has(stat.parentPid)) strays.set(stat.pid, stat);
  }
  return [...strays.values()];
}

/**
 * In the session that the command led. A number comes free when a session is empty, and a stranger may lead the next
 * one; but all its members start after our command has ended, so only older ones are taken.
 *
 * Without setsid(1) that session is led by the launcher, whose number is safe to ask for only when both have ended.
 */
function isOfSession(stat: ProcessStat, { child, launcher, endedTicks }: Remains): boolean {
  if (child === null || endedTicks === null || !isLocal(child)) return false;
  const isLed = stat.sessionId === child.pid || (stat.sessionId === launcher?.pid && Number.isFinite(endedTicks));
  return isLed && Number(stat.startTicks) <= endedTicks && canDescend(stat, { launcher: child });
}

/** Nothing is older than what started it. Saves reading the environment of most of the system. */
const canDescend = (stat: ProcessStat, { launcher }: Pick<Remains, 'launcher'>): boolean =>
  launcher === null || !isLocal(launcher) || Number(stat.startTicks) >= Number(launcher.startTicks);

const isProcess = (stat: ProcessStat, identity: ProcessIdentity | null): boolean =>
  identity !== null && isLocal(identity) && stat.pid === identity.pid && stat.startTicks === identity.startTicks;

export const isLocal = ({ bootId, pidNamespace }: ProcessIdentity): boolean =>
  bootId === localWorld().bootId && pidNamespace === localWorld().pidNamespace;

/** Ourselves and those who started us: we may well run inside a unit ourselves. */
function lineOf(pid: number, table: readonly ProcessStat[]): ReadonlySet<number> {
  const parents = new Map(table.map((stat) => [stat.pid, stat.parentPid]));
  const line = new Set<number>();
  for (let at: number | undefined = pid; at && !line.has(at); at = parents.get(at)) line.add(at);
  return line;
}
