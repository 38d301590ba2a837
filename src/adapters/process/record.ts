import { readFileSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import type { ExitReport, ProcessIdentity } from '../../machines/vocabulary.ts';
import type { World } from '../system/identity.ts';

/** What a run's launcher wrote down. Every part may be missing: nobody got that far yet, or ever. */
export interface RunRecord {
  readonly launcher: ProcessIdentity | null;
  readonly child: ProcessIdentity | null;
  /** Where it was told to listen. */
  readonly port: number | null;
  readonly exit: (ExitReport & { readonly uptimeTicks: number }) | null;
  /** What the shell itself had to say. */
  readonly words: readonly string[];
}

/** Ticks of `/proc/PID/stat` in a second: USER_HZ, 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** From the seconds of `/proc/uptime`. */
export const ticksOf = (uptime: string): number => Math.round(Number(uptime) * TICKS_PER_SECOND);

/** Filled in before the launch, so that no block has to be found on a full disk when the run ends. */
export const EMPTY_RECORD = '\n'.repeat(512);

/** The first line, by us: the launcher cannot read a link without a fork, and a pid means nothing without its world. */
export const recordHeader = ({ bootId, pidNamespace }: World, port: number | null): string =>
  `run 1 ${bootId} ${pidNamespace}${port === null ? '' : ` ${port}`}\n`;

/** `null`: there is no record, or nothing in it. */
export function readRecord(path: string): RunRecord | null {
  try {
    return parseRecord(readFileSync(path, 'latin1'), Math.round(statSync(path).mtimeMs));
  } catch {
    return null;
  }
}

/** A line without its newline was never written; the record ends at the first empty line. It ended at `endedMs`. */
export function parseRecord(text: string, endedMs: number): RunRecord | null {
  const [header, ...lines] = (/^(?:[^\n]+\n)*/.exec(text)?.[0] ?? '').split('\n').slice(0, -1);
  const [kind, version, bootId, pidNamespace, port] = (header ?? '').split(' ');
  if (kind !== 'run' || version !== '1' || !bootId || !pidNamespace) return null;

  let launcher: ProcessIdentity | null = null;
  let child: ProcessIdentity | null = null;
  let exit: RunRecord['exit'] = null;
  const words: string[] = [];
  for (const line of lines) {
    const [word, number = '', detail = ''] = line.split(' ');
    const identity = { bootId, pidNamespace, pid: Number(number), startTicks: detail };
    if (word === 'launcher' && !launcher) launcher = identity;
    else if (word === 'child' && !child) child = identity;
    else if (word === 'exit' && /^\d+$/.test(number))
      exit = { ...exitOf(Number(number), words, endedMs), ...at(detail) };
    else words.push(line);
  }
  return { launcher, child, port: port ? Number(port) : null, exit, words };
}

const at = (uptime: string) => ({ uptimeTicks: ticksOf(uptime) });

// Of two names for one number (SIGABRT, SIGIOT) the first is the one that people know.
const SIGNALS = new Map(
  Object.entries(constants.signals)
    .reverse()
    .map(([name, number]) => [number, name]),
);

/** Signals that no shell announces, so that a program which exits with that number looks the same. */
const UNANNOUNCED = new Set([128 + constants.signals.SIGINT, 128 + constants.signals.SIGPIPE]);

/** `$?` of a shell is a code, or 128 + a signal. The shell's word about a signal stands before it, if it was one. */
function exitOf(rawStatus: number, words: readonly string[], endedMs: number): ExitReport {
  // yash counts signals from 384.
  const signal = rawStatus > 128 ? (SIGNALS.get(rawStatus - (rawStatus > 384 ? 384 : 128)) ?? null) : null;
  const announced = words.length > 0;
  if (signal !== null && (announced || rawStatus > 384 || UNANNOUNCED.has(rawStatus))) {
    return { code: null, signal, rawStatus, certain: announced || rawStatus > 384, endedMs };
  }
  return { code: rawStatus, signal: null, rawStatus, certain: true, endedMs };
}
