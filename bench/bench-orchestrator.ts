import { type Orchestrator, openOrchestrator } from '../src/actors/orchestrator.ts';
import type { Clock, Driver, Log, Probes } from '../src/actors/ports.ts';
import { type SimulatedClock, simulatedClock } from '../src/adapters/simulation/clock.ts';
import type { EventBody } from '../src/machines/events.ts';
import type { UnitSpec } from '../src/machines/spec.ts';
import type { Store } from '../src/store/rows.ts';
import { openStore } from '../src/store/store.ts';
import { HANDLE } from './workload.ts';

export interface BenchOrchestrator {
  readonly orchestrator: Orchestrator;
  /** One tick: every event is taken, and committed with the others. */
  tick(events: readonly (readonly [unitId: string, event: EventBody])[]): void;
  /** Lets commands that were begun come to their end. */
  rest(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The production orchestrator on a real file, in a world that does whatever it is told and never says anything.
 *
 * What happens is for the benchmark to say, by `tick`: a simulated world would say it itself, and be measured too.
 */
export async function openBenchOrchestrator(path: string, units: readonly UnitSpec[] = []): Promise<BenchOrchestrator> {
  const clock: SimulatedClock = simulatedClock();
  const { orchestrator } = await openMuteOrchestrator(path, { clock, probes: muteProbes });
  if (units.length > 0) orchestrator.add(units);
  return {
    orchestrator,
    tick(events) {
      for (const [unitId, event] of events) orchestrator.recorder.accept(unitId, event);
      clock.advance(1);
    },
    rest: () => new Promise((resolve) => setImmediate(resolve)),
    close: () => orchestrator.close(),
  };
}

/** The same in time and with probes of somebody else's. Its processes do nothing. */
export async function openMuteOrchestrator(
  path: string,
  { clock, probes, driver = mute }: { readonly clock: Clock; readonly probes: Probes; readonly driver?: Driver },
): Promise<{ readonly orchestrator: Orchestrator; readonly store: Store }> {
  const store = openStore({ path });
  const instance = `i${store.lastSeq()}-`;
  const drivers = { process: driver };
  return { orchestrator: await openOrchestrator({ store, clock, log: SILENT, drivers, probes, instance }), store };
}

const ignore = (): void => {};
export const SILENT: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const done = async (): Promise<void> => {};

export const mute: Driver = {
  connect: done,
  launch: done,
  revoke: done,
  attach: done,
  endRun: done,
  sweep: done,
  sight: async () => ({ is: 'alive', handle: HANDLE }),
  discard: done,
  tidy: done,
  close: done,
};
const muteProbes: Probes = { connect: done, start: done, stop: done, close: done };
