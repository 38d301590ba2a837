import { problemOf } from '../machines/errors.ts';
import type { Store } from '../store/rows.ts';
import { type Drivers, driverNameOf } from './interpreter.ts';
import type { Log } from './ports.ts';
import type { UnitActor } from './unit-actor.ts';

interface World {
  readonly drivers: Drivers;
  readonly store: Store;
  readonly log: Log;
}

/** A unit is gone: what its runs left on the disk goes, too. Its journal stays until retention. Never throws. */
export function discardRuns({ id: unitId, snapshot }: UnitActor, { drivers, store, log }: World): void {
  const stays = (error: unknown): void => {
    log.warn({ unit: unitId }, `what is kept of its runs stays: ${problemOf(error).message}`);
  };
  try {
    const driver = drivers[driverNameOf(snapshot.context.spec)];
    for (const { runId, generation, handle } of store.runs(unitId)) {
      driver?.discard({ unitId, runId, generation, handle }).catch(stays);
    }
  } catch (error) {
    stays(error);
  }
}
