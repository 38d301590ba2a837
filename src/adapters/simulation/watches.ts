import type { Clock, Driver, DriverCall, Reporter, Sighting } from '../../actors/ports.ts';
import type { Fact } from '../../machines/events.ts';
import type { ExitReport, Handle, RunId, UnitId } from '../../machines/vocabulary.ts';
import type { FactBody } from './fact-body.ts';
import type { World } from './world.ts';

export interface SimulatedWatches {
  /** A driver for one orchestrator: a watch lives in its process, and ends with it. */
  driver(clock: Clock): Driver;
  /** Somebody changes what a watcher watches. Nobody sees it where nobody watches. */
  touch(unitId: UnitId, what: readonly string[]): void;
}

const HANDLE: Handle = { pid: null, identity: null };

/** Watches of files that are not there. As the real ones, they have no process and leave nothing behind. */
export function simulatedWatches({ launches }: Pick<World, 'launches'>): SimulatedWatches {
  const drivers = new Set<WatchDriver>();
  return {
    driver(clock) {
      const driver = new WatchDriver({ clock, launches, onClose: () => drivers.delete(driver) });
      drivers.add(driver);
      return driver;
    },
    touch(unitId, what) {
      for (const driver of drivers) driver.see(unitId, what);
    },
  };
}

interface Surroundings {
  readonly clock: Clock;
  readonly launches: World['launches'];
  readonly onClose: () => void;
}

class WatchDriver implements Driver {
  readonly #surroundings: Surroundings;
  readonly #armed = new Map<RunId, DriverCall>();
  readonly #ended = new Map<RunId, ExitReport>();
  #report: Reporter | null = null;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  see(unitId: UnitId, what: readonly string[]): void {
    for (const call of this.#armed.values()) {
      if (call.run.unitId === unitId) this.#tell(call, { type: 'watch.observed', what });
    }
  }

  async connect(report: Reporter): Promise<void> {
    this.#report = report;
  }

  async launch(call: DriverCall): Promise<void> {
    if (this.#armed.has(call.run.runId)) return;
    const { runId, unitId, generation } = call.run;
    const { clock, launches } = this.#surroundings;
    this.#armed.set(runId, call);
    launches.push({ runId, unitId, generation, atMs: clock.wallMs() });
    this.#tell(call, { type: 'run.launched', handle: HANDLE, startedMs: clock.wallMs(), adopted: false });
  }

  async attach(call: DriverCall): Promise<void> {
    this.#armed.set(call.run.runId, call);
  }

  async revoke(call: DriverCall): Promise<void> {
    const armed = this.#armed.has(call.run.runId);
    const startedMs = this.#surroundings.clock.wallMs();
    this.#tell(
      call,
      armed ? { type: 'run.launched', handle: HANDLE, startedMs, adopted: false } : { type: 'run.revoked' },
    );
  }

  async endRun(call: DriverCall): Promise<void> {
    const { runId } = call.run;
    const endedMs = this.#surroundings.clock.wallMs();
    const exit = this.#ended.get(runId) ?? { code: 0, signal: null, rawStatus: null, certain: true, endedMs };
    this.#ended.set(runId, exit);
    this.#armed.delete(runId);
    this.#tell(call, { type: 'run.exited', exit });
  }

  async sweep(call: DriverCall): Promise<void> {
    this.#tell(call, { type: 'run.swept', survivors: [] });
  }

  /** What was armed can be armed again at any time; what was not never was. */
  async sight({ runId, handle }: DriverCall['run']): Promise<Sighting> {
    const exit = this.#ended.get(runId);
    if (exit) return { is: 'ended', exit, handle };
    return handle === null ? { is: 'revoked' } : { is: 'alive', handle };
  }

  async discard(): Promise<void> {}

  async tidy(): Promise<void> {}

  async close(): Promise<void> {
    this.#armed.clear();
    this.#report = null;
    this.#surroundings.onClose();
  }

  #tell({ run, seq }: DriverCall, fact: FactBody): void {
    this.#surroundings.clock.defer(() => {
      this.#report?.({ unitId: run.unitId, cause: seq, fact: { ...fact, generation: run.generation } as Fact });
    });
  }
}
