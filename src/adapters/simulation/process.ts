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
  /** What of that somebody else has sent. */
  readonly signalsOfStrangers: string[];
  output: string;
  /** Its liveness probe fails. */
  unhealthy: boolean;
  /** Whether that ever was so. */
  wasUnhealthy: boolean;
  /** `false` also without a record of how it ended. */
  running: boolean;
  /** What its launcher wrote down. `null`: it runs, or left no record. */
  exit: ExitReport | null;
}

/** What a run has forked, and may leave behind. */
export interface SimulatedStray {
  readonly identity: ProcessIdentity;
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
