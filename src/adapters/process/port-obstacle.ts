import type { ProcessStat } from '../system/identity.ts';
import { readProcessTable } from '../system/process-table.ts';
import { type Listener, socketsOn, withHolders } from './listeners.ts';
import { isInTheWay, type MarkedRun, markedRunOf, shownCommand } from './port-holder.ts';
import { PortInUse } from './port-in-use.ts';

/** Why a port cannot be given to a unit now. */
export type Obstacle =
  /** A run of ours that is over: it is to be ended. */
  | { readonly is: 'stale'; readonly run: MarkedRun; readonly problem: PortInUse }
  /** By a stranger, or by a unit that has a right to it. `unseen`: nobody can tell by whom. */
  | { readonly is: 'held' | 'unseen'; readonly problem: PortInUse };

export interface Onlooker {
  readonly ownerId: string;
  readonly redact: (text: string) => string;
  isStale(run: MarkedRun): boolean;
}

/** What is in the way on this port: first of all what we may not touch. */
export async function obstacleOn(port: number, onlooker: Onlooker): Promise<Obstacle | null> {
  const sockets = await socketsOn(port);
  if (sockets.length === 0) return null;
  const table = readProcessTable();
  const found = withHolders(sockets, table).flatMap((listener) => obstacleOf(listener, port, table, onlooker) ?? []);
  return found.find(({ is }) => is === 'held') ?? found.find(({ is }) => is === 'stale') ?? found[0] ?? null;
}

function obstacleOf(
  listener: Listener,
  port: number,
  table: readonly ProcessStat[],
  { ownerId, redact, isStale }: Onlooker,
): Obstacle | null {
  const { uid, holders } = listener;
  const obstacles = holders.map((stat): Obstacle => {
    const run = markedRunOf(stat, table, ownerId);
    const said = { port, pid: stat.pid, command: shownCommand(stat, redact), uid, unit: run?.unitId ?? null };
    return run !== null && isStale(run)
      ? { is: 'stale', run, problem: new PortInUse({ ...said, deaf: true }) }
      : { is: 'held', problem: new PortInUse({ ...said, deaf: false }) };
  });
  const stale = obstacles.find(({ is }) => is === 'stale');
  if (stale || !isInTheWay(listener)) return stale ?? null;
  const unseen = new PortInUse({ port, pid: null, command: null, uid, unit: null, deaf: false });
  return obstacles[0] ?? { is: 'unseen', problem: unseen };
}
