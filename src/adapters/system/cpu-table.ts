import { readdirSync, readFileSync } from 'node:fs';
import { isDead, type ProcessStat, parseStat } from './identity.ts';

/** A process, and the CPU time that it and its children that have ended used, in ticks of a hundredth of a second. */
export interface BusyStat extends ProcessStat {
  readonly cpuTicks: number;
}

/** To look at so many processes takes a millisecond or two. */
const SLICE = 100;

/**
 * Everything that lives here now, with the CPU time it has used. Read in slices: whoever else has something to do in
 * this process does it in between.
 */
export async function readCpuTable(): Promise<readonly BusyStat[]> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const found: BusyStat[] = [];
  for (let at = 0; at < pids.length; at += SLICE) {
    if (at > 0) await new Promise(setImmediate);
    for (const pid of pids.slice(at, at + SLICE)) {
      const stat = parseBusyStat(readOr(`/proc/${pid}/stat`));
      if (stat && !isDead(stat)) found.push(stat);
    }
  }
  return found;
}

/** One line of `/proc/PID/stat` (proc(5)), with the sum of its fields utime, stime, cutime and cstime. */
export function parseBusyStat(text: string): BusyStat | null {
  const stat = parseStat(text);
  if (stat === null) return null;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const times = fields.slice(11, 15).map(Number);
  return { ...stat, cpuTicks: times.reduce((sum, ticks) => sum + ticks, 0) };
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
