import { statSync } from 'node:fs';
import { identityOf, isStopped, type ProcessStat } from '../system/identity.ts';
import { readProcessTable } from '../system/process-table.ts';
import { sendSignal } from '../system/signal.ts';
import { ALIVE_FD } from './launch-script.ts';
import type { News } from './observation.ts';
import type { RunPaths } from './run-directory.ts';

/** That a launch was claimed and nobody has said who the command is, and what keeps its launcher from that. */
export function silenceOf(paths: RunPaths): News {
  const holders = holdersOf(paths);
  const [stopped, first] = [holders.find(isStopped), holders[0]];
  const lives = first ? `its launcher (pid ${first.pid}) has not begun the command` : 'its launcher cannot be seen';
  const detail = stopped ? `its launcher was stopped by a signal. To continue it: kill -CONT ${stopped.pid}` : lives;
  return { type: 'run.claimed', detail };
}

/**
 * Kills a launch that has not said who the command is, so that nothing of it comes to life any more.
 *
 * @returns Whether it is known that nobody is left to begin the command.
 */
export function silence(paths: RunPaths): boolean {
  return holdersOf(paths).every((stat) => ['sent', 'gone'].includes(sendSignal(identityOf(stat), 'SIGKILL')));
}

/**
 * Who holds the FIFO of a run where its launcher gave it. Before the command has begun that is the launcher and what it
 * has forked, and nobody else; ours alone may be open elsewhere, to hear of the end.
 */
function holdersOf({ alive }: RunPaths): readonly ProcessStat[] {
  const fifo = statSync(alive, { throwIfNoEntry: false });
  if (!fifo) return [];
  const holds = ({ pid }: ProcessStat): boolean => {
    try {
      const held = statSync(`/proc/${pid}/fd/${ALIVE_FD}`, { throwIfNoEntry: false });
      return held?.ino === fifo.ino && held.dev === fifo.dev;
    } catch {
      // Of another user, and so not ours.
      return false;
    }
  };
  return readProcessTable().filter((stat) => stat.pid !== process.pid && holds(stat));
}
