import type { Clock, Log } from '../../actors/ports.ts';
import type { Survivor } from '../../machines/vocabulary.ts';
import { identityOf, type ProcessStat } from '../system/identity.ts';
import { commandLine, initialEnvironment, readProcessTable } from '../system/process-table.ts';
import { sendSignal } from '../system/signal.ts';
import { MARKER } from './launch-plan.ts';
import { findStrays, keyOf, type Remains } from './strays.ts';

const FIRST_LOOK_MS = 20;
const LONGEST_PAUSE_MS = 200;
/** How long SIGKILL may take to work. What is left then sits in the kernel, and no further signal helps. */
const KILL_LIMIT_MS = 2_000;

export interface SweepOrder {
  readonly runId: string;
  readonly how: 'terminate' | 'kill';
  readonly remains: Omit<Remains, 'known'>;
  /** Called once: with nobody, or with those who outlived the kill. */
  done(survivors: readonly Survivor[]): void;
}

/** Ends what runs left behind. One look at the process table serves every sweep that is on. */
export interface Sweeper {
  /** Takes the place of an earlier sweep of the same run, which is never answered. */
  sweep(order: SweepOrder): void;
  cancel(runId: string): void;
  close(): void;
}

interface Sweep extends SweepOrder {
  readonly known: Set<string>;
  readonly signalled: Set<string>;
  readonly sinceMs: number;
}

export function openSweeper(clock: Clock, log: Log, readEnvironment = initialEnvironment): Sweeper {
  const sweeps = new Map<string, Sweep>();
  let pauseMs = FIRST_LOOK_MS;
  let cancelTimer: (() => void) | null = null;
  let looking = false;
  let closed = false;

  /** Soon, not at once: all who ask in one tick share the look. */
  function lookSoon(): void {
    if (looking) return;
    looking = true;
    clock.defer(() => {
      looking = false;
      look();
    });
  }
  function look(): void {
    cancelTimer?.();
    if (sweeps.size === 0) return;
    const [table, environmentOf] = [readProcessTable(), rememberedMarkers(readEnvironment)];
    for (const sweep of [...sweeps.values()]) {
      const left = advance(sweep, { table, environmentOf }, log);
      const isOver = left.length === 0 || (sweep.how === 'kill' && clock.monoMs() - sweep.sinceMs >= KILL_LIMIT_MS);
      if (!isOver) continue;
      sweeps.delete(sweep.runId);
      sweep.done(left.map((stat) => ({ pid: stat.pid, command: commandLine(stat) })));
    }
    if (sweeps.size === 0) return;
    cancelTimer = clock.setTimer(pauseMs, look);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
  return {
    sweep(order) {
      if (closed) return;
      const known = sweeps.get(order.runId)?.known ?? new Set<string>();
      sweeps.set(order.runId, { ...order, known, signalled: new Set(), sinceMs: clock.monoMs() });
      pauseMs = FIRST_LOOK_MS;
      lookSoon();
    },
    cancel: (runId) => void sweeps.delete(runId),
    close() {
      closed = true;
      sweeps.clear();
      cancelTimer?.();
    },
  };
}

/** What is seen in one look, by all sweeps. */
interface Sight {
  readonly table: readonly ProcessStat[];
  readonly environmentOf: (pid: number) => readonly string[];
}

/** Each is read once a look, however many sweeps ask for it, and only where one does. No more is kept than markers. */
function rememberedMarkers(environmentOf: Sight['environmentOf']): Sight['environmentOf'] {
  const known = new Map<number, readonly string[]>();
  return (pid) => {
    const markers = known.get(pid) ?? environmentOf(pid).filter((entry) => entry.startsWith(`${MARKER}=`));
    known.set(pid, markers);
    return markers;
  };
}

/** Signals everyone who is there, and says who that was. SIGTERM is sent once, SIGKILL whenever they are seen. */
function advance(sweep: Sweep, { table, environmentOf }: Sight, log: Log): readonly ProcessStat[] {
  const strays = findStrays(table, { ...sweep.remains, known: sweep.known }, environmentOf);
  for (const stat of strays) {
    const key = keyOf(stat);
    sweep.known.add(key);
    if (sweep.how === 'terminate' && sweep.signalled.has(key)) continue;
    const result = sendSignal(identityOf(stat), sweep.how === 'kill' ? 'SIGKILL' : 'SIGTERM');
    // A stopped process acts on nothing but SIGKILL until it is continued.
    if (result === 'sent' && stat.state === 'T') sendSignal(identityOf(stat), 'SIGCONT');
    if (result === 'sent' || result === 'gone') sweep.signalled.add(key);
    else log.warn({ runId: sweep.runId, pid: stat.pid }, `stray process could not be signalled: ${result}`);
  }
  return strays;
}
