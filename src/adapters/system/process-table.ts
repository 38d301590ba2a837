import { readdirSync, readFileSync } from 'node:fs';
import { isDead, type ProcessStat, parseStat } from './identity.ts';

/** Everything that lives here now. A process that ends meanwhile is left out; the table is not one instant. */
export function readProcessTable(): readonly ProcessStat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const stat = parseStat(readOr(`/proc/${pid}/stat`, ''));
      return stat && !isDead(stat) ? [stat] : [];
    });
}

/** What a process was started with. Empty where it is not ours to read. */
export function initialEnvironment(pid: number): readonly string[] {
  return readOr(`/proc/${pid}/environ`, '').split('\0');
}

/** The command line as people know it; a kernel name in brackets where there is none. */
export function commandLine(stat: Pick<ProcessStat, 'pid' | 'name'>): string {
  const line = readOr(`/proc/${stat.pid}/cmdline`, '').replaceAll('\0', ' ').trim();
  return line === '' ? `[${stat.name}]` : line;
}

function readOr(path: string, fallback: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return fallback;
  }
}
