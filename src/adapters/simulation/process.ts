import { constants } from 'node:os';
import type { Clock } from '../../actors/ports.ts';
import type { ExitReport, Handle, ProcessIdentity, RunId, UnitId } from '../../machines/vocabulary.ts';
import type { Behaviour } from './behaviour.ts';

/** A process as data. The world changes it; everybody else reads. */
export interface SimulatedProcess {
  readonly runId: RunId;
  readonly unitId: UnitId;
  readonly generation: number;
  readonly identity: ProcessIdentity;
  readonly startedMs: number;
  readonly startedMonoMs: number;
  readonly behaviour: Behaviour;
  readonly strays: SimulatedStray[];
  /** What it was sent, in order. Being asked counts as `ask`. */
  readonly signals: string[];
  output: string;
  unhealthy: boolean;
  /** `false` also without a record of how it ended. */
  running: boolean;
  /** What its launcher wrote down. `null`: it runs, or left no record. */
  exit: ExitReport | null;
}

export interface SimulatedStray {
  readonly pid: number;
  readonly command: string;
  running: boolean;
}

/** A reboot ends everything, and nobody is there to write it down. */
export const isAlive = (process: SimulatedProcess, clock: Clock): boolean =>
  process.running && process.identity.bootId === clock.bootId;

export const handleOf = ({ identity }: SimulatedProcess): Handle => ({ pid: identity.pid, identity });

export function exitOf(
  how: { readonly code: number } | { readonly signal: NodeJS.Signals },
  endedMs: number,
): ExitReport {
  if ('code' in how) return { code: how.code, signal: null, rawStatus: how.code, certain: true, endedMs };
  // As a shell puts it: 128 and the number of the signal.
  return { code: null, signal: how.signal, rawStatus: 128 + constants.signals[how.signal], certain: true, endedMs };
}

/**
 * Gives out pids that are free, and start times that no two processes of a boot share.
 *
 * @param pidsMax How many pids there are: with a few of them they soon come back, as on a busy machine.
 */
export function identities(clock: Clock, pidsMax: number): (isTaken: (pid: number) => boolean) => ProcessIdentity {
  let given = 0;
  let lastTicks = 0;
  return (isTaken) => {
    for (let tried = 0; tried < pidsMax; tried++) {
      const pid = FIRST_PID + (given++ % pidsMax);
      if (isTaken(pid)) continue;
      // Field 22 of /proc/PID/stat counts hundredths of a second.
      lastTicks = Math.max(lastTicks + 1, Math.floor(clock.monoMs() / 10));
      return { bootId: clock.bootId, pidNamespace: 'pid:[1]', pid, startTicks: String(lastTicks) };
    }
    throw new RangeError(`The simulated world has only ${pidsMax} pids, and all are taken.`);
  };
}

const FIRST_PID = 1000;
