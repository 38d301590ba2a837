import type { Clock, DriverCall, Log } from '../../actors/ports.ts';
import type { RunRef } from '../../machines/commands.ts';
import { portOf } from '../../machines/port.ts';
import { type OpenRuns, openRuns } from './open-runs.ts';
import { portChoice } from './port-choice.ts';
import { canBind, clearPort } from './port-clearing.ts';
import type { MarkedRun } from './port-holder.ts';
import type { PortInUse } from './port-in-use.ts';
import { obstacleOn } from './port-obstacle.ts';
import { portOwnership } from './port-ownership.ts';
import { readRecord } from './record.ts';
import { remainsOf } from './remains.ts';
import { runPaths } from './run-directory.ts';
import type { Sweeper } from './sweeper.ts';

export interface PortKeeperOptions {
  readonly stateDir: string;
  readonly ownerId: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly redact?: (text: string) => string;
}

export interface PortTools {
  readonly sweeper: Sweeper;
  /** Calls back after a while, unless nobody wants that by then. */
  later(ms: number, run: () => void): void;
}

/** Knows who listens on the ports of units, and makes room for a launch where that is ours to do. */
export interface PortKeeper {
  readonly runs: OpenRuns;
  /**
   * Where the run shall listen, with nobody in its way. `null`: it has no port that we know of. Takes no time where
   * nobody is in the way.
   *
   * @throws {PortInUse}
   */
  secure(call: DriverCall): Promise<number | null>;
  /** A run that this process did not launch. */
  adopted(call: DriverCall): void;
  discarded(run: RunRef): void;
  /** Why who listens on a port is no process of this run, in words. `null`: it is one, or nobody can tell. */
  whyNotOurs(run: RunRef, port: number): Promise<string | null>;
}

export function portKeeper(options: PortKeeperOptions, { sweeper, later }: PortTools): PortKeeper {
  const { stateDir, ownerId, clock, log, redact = (text) => text } = options;
  const runs = openRuns();
  const remains = (run: RunRef) => remainsOf(ownerId, run, runPaths(stateDir, run.runId));
  const whyNotOurs = portOwnership({ log, redact, remainsOf: remains });
  const onlooker = { ownerId, redact, isStale: runs.isStale };

  function end(how: 'terminate' | 'kill', { unitId, runId }: MarkedRun, { port, pid, command }: PortInUse): void {
    log.warn({ unit: unitId, pid }, `run ${runId} is over, but ${command} of it holds port ${port}: ${how}`);
    const order = { runId, how, remains: remains({ unitId, runId, generation: 0, handle: null }) };
    sweeper.sweep({ ...order, done: () => {} });
  }

  async function clear(port: number): Promise<void> {
    if (await canBind(port)) return;
    await clearPort({ clock, obstacle: () => obstacleOn(port, onlooker), end, later });
  }

  const choice = portChoice({
    ownerId,
    async isFree(port) {
      if (await canBind(port)) return true;
      // Whoever has a right to it keeps it: another one will do.
      if ((await obstacleOn(port, onlooker))?.is !== 'stale') return false;
      return clear(port).then(
        () => true,
        () => false,
      );
    },
  });

  return {
    runs,
    async secure({ spec, run }) {
      if ('port' in spec && spec.port === 'auto') return choice.choose(run.unitId, formerPort(stateDir, run));
      const port = portOf(spec, null);
      if (port !== null) await clear(port);
      return port;
    },
    adopted({ spec, run }) {
      const port = portOf(spec, run.handle);
      if (port !== null) choice.remember(run.unitId, port);
    },
    discarded(run) {
      runs.discarded(run);
      choice.forget(run.unitId);
    },
    whyNotOurs,
  };
}

/** Of a launch that nobody began there is no record. Further back than this, another port is as good. */
const FORMER_RUNS_MAX = 3;

/** Where the last run of the unit was told to listen, by its record: an earlier orchestrator may have told it. */
function formerPort(stateDir: string, { runId, generation }: RunRef): number | null {
  const epoch = runId.slice(0, -`.${generation}`.length);
  for (let earlier = generation - 1; earlier > 0 && earlier >= generation - FORMER_RUNS_MAX; earlier--) {
    const port = readRecord(runPaths(stateDir, `${epoch}.${earlier}`).record)?.port;
    if (port != null) return port;
  }
  return null;
}
