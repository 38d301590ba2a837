import type { Log } from '../../actors/ports.ts';
import type { RunRef } from '../../machines/commands.ts';
import type { RunId, UnitId } from '../../machines/vocabulary.ts';
import { readProcessTable } from '../system/process-table.ts';
import { socketsOn, withHolders } from './listeners.ts';
import { isForwarder, shownCommand } from './port-holder.ts';
import { findStrays, type Remains } from './strays.ts';

export interface Ownership {
  readonly log: Log;
  readonly redact: (text: string) => string;
  remainsOf(run: RunRef): Omit<Remains, 'known'>;
}

/**
 * Tells why who listens on a port is no process of a run, in words. `null`: one of its processes listens there, or
 * nobody can tell who does, as with the servers of other users and the forwarded ports of containers.
 */
export function portOwnership({ log, redact, remainsOf }: Ownership) {
  /** Units about whose port nobody could tell when it was asked the last time, and for which run. */
  const unsure = new Map<UnitId, RunId>();

  return async (run: RunRef, port: number): Promise<string | null> => {
    const { unitId, runId } = run;
    const wasUnsure = unsure.get(unitId) === runId;
    unsure.delete(unitId);
    const sockets = await socketsOn(port);
    const table = readProcessTable();
    const tree = findStrays(table, { ...remainsOf(run), known: new Set() });
    if (withHolders(sockets, tree).some(({ holders }) => holders.length > 0)) return null;
    const listeners = withHolders(sockets, table);
    const [stranger] = listeners.flatMap(({ holders }) => holders);
    if (stranger && !listeners.some(({ holders }) => holders.every(isForwarder))) {
      return `port ${port} is held by ${stranger.pid} (${shownCommand(stranger, redact)}), which is not of this unit`;
    }
    if (wasUnsure) {
      log.info({ unit: unitId }, `nobody can tell who listens on port ${port}; it is taken for this unit`);
      return null;
    }
    // Whoever answered may have been about to die. Then it will not answer again.
    unsure.set(unitId, runId);
    return `port ${port} answers, but who listens there cannot be seen; it is asked once more`;
  };
}
