import type { Clock, Driver, DriverCall, Reporter } from '../../actors/ports.ts';
import type { Fact } from '../../machines/events.ts';
import type { RunId, UnitId } from '../../machines/vocabulary.ts';
import type { Behaviours } from './behaviour.ts';
import type { FactBody } from './fact-body.ts';
import type { Change } from './lives.ts';
import { handleOf, type SimulatedProcess } from './process.ts';
import { World } from './world.ts';

export interface SimulatedProcesses {
  readonly world: World;
  /** A driver for one orchestrator. Give each its own session of the clock: what it still had to say goes with it. */
  driver(clock?: Clock): Driver;
}

/**
 * Processes as data: no process is started, no time passes, and the same scenario always runs the same way.
 *
 * **Example** (A crash of the orchestrator between launch and birth)
 *
 * ```ts
 * const clock = simulatedClock();
 * const { world, driver } = simulatedProcesses({ clock, behaviours: { api: { launch: { afterMs: 50 } } } });
 * const session = clock.session();
 * // … an orchestrator launches `api` through driver(session) …
 * session.end();       // it dies; the launcher does not
 * clock.advance(50);
 * world.process('api') // => alive, for the next orchestrator to find
 * ```
 */
export function simulatedProcesses(options: {
  readonly clock: Clock;
  readonly behaviours?: Behaviours;
  readonly pidsMax?: number;
}): SimulatedProcesses {
  const world = new World(options);
  return { world, driver: (clock = options.clock) => new SimulatedDriver(world, clock) };
}

interface Watch {
  readonly call: DriverCall;
  readonly adopted: boolean;
}

class SimulatedDriver implements Driver {
  readonly #world: World;
  readonly #clock: Clock;
  readonly #watches = new Map<RunId, Watch>();
  readonly #done = new Set<string>();
  #report: Reporter | null = null;
  #arrivalMs = 0;
  #unobserve: () => void = () => {};

  constructor(world: World, clock: Clock) {
    this.#world = world;
    this.#clock = clock;
  }

  async connect(report: Reporter): Promise<void> {
    this.#report = report;
    this.#unobserve = this.#world.observe((change) => this.#pass(change));
  }

  async launch(call: DriverCall): Promise<void> {
    if (!this.#isNew(call)) return;
    const answer = this.#world.launch(call.run);
    if (answer.is === 'under-way') this.#watches.set(call.run.runId, { call, adopted: false });
    if (answer.is === 'revoked') this.#tell(call, { type: 'run.revoked' });
    if (answer.is === 'refused') {
      this.#tell(call, { type: 'run.launch-failed', problem: answer.problem, resource: answer.resource });
    }
  }

  async revoke(call: DriverCall): Promise<void> {
    if (!this.#isNew(call)) return;
    const { is } = this.#world.sight(call.run);
    if (is === 'revoked') {
      this.#watches.delete(call.run.runId);
      this.#tell(call, { type: 'run.revoked' });
      return;
    }
    if (is === 'claimed') this.#tell(call, { type: 'run.claimed' });
    this.#follow(call, false);
  }

  async attach(call: DriverCall): Promise<void> {
    if (this.#isNew(call)) this.#follow(call, true);
  }

  async endRun(call: DriverCall, how: 'ask' | 'terminate' | 'kill'): Promise<void> {
    if (!this.#isNew(call)) return;
    // Whoever ends a run must hear of its end, also where nobody was told to watch it.
    if (!this.#watches.has(call.run.runId)) this.#follow({ ...call, run: withHandle(call.run) }, true);
    const named = 'stop' in call.spec && 'signal' in call.spec.stop ? call.spec.stop.signal : 'SIGTERM';
    this.#world.end(call.run, how, named as NodeJS.Signals);
    if (how === 'kill' && this.#world.sight(call.run).is === 'revoked') this.#tell(call, { type: 'run.revoked' });
  }

  async sweep(call: DriverCall, how: 'terminate' | 'kill'): Promise<void> {
    if (!this.#isNew(call)) return;
    const survivors = this.#world.sweep(call.run.runId, how);
    if (survivors !== null) this.#tell(call, { type: 'run.swept', survivors });
  }

  async sight(run: DriverCall['run']) {
    return this.#world.sight(run);
  }

  async tidy(openRuns: readonly RunId[], sparedUnits: readonly UnitId[]): Promise<void> {
    for (const { runId } of await this.strays(openRuns, sparedUnits)) this.#world.clear(runId);
  }

  async strays(openRuns: readonly RunId[], sparedUnits: readonly UnitId[]) {
    return this.#world.lives
      .left()
      .filter(({ runId, unitId }) => !openRuns.includes(runId) && !sparedUnits.includes(unitId));
  }

  /** The world remembers its runs, so that a second launch is noticed even then. */
  async discard({ unitId }: DriverCall['run']): Promise<void> {
    this.#world.discarded.push(unitId);
  }

  async close(): Promise<void> {
    this.#unobserve();
    this.#report = null;
    this.#watches.clear();
  }

  #isNew({ key }: DriverCall): boolean {
    if (this.#done.has(key)) return false;
    this.#done.add(key);
    return true;
  }

  /** Says what is known of the run already, and keeps watching it for the rest. */
  #follow(call: DriverCall, adopted: boolean): void {
    const { runId } = call.run;
    const sighting = this.#world.sight(call.run);
    const process = this.#world.processOf(runId);
    this.#watches.set(runId, { call, adopted });
    // Who attaches without a handle does not know yet that it was launched.
    const isNews = !adopted || (sighting.is === 'alive' && call.run.handle === null);
    if (process !== null && isNews) this.#tell(call, launched(process, adopted));
    if (sighting.is === 'ended' && process !== null) this.#pass({ is: 'ended', process });
    if (sighting.is === 'lost' || sighting.is === 'revoked') {
      this.#watches.delete(runId);
      this.#tell(call, { type: 'run.lost', endedMs: this.#clock.wallMs() });
    }
  }

  #pass(change: Change): void {
    const { process } = change;
    const watch = this.#watches.get(process.runId);
    if (watch === undefined || change.is === 'printed') return;
    if (change.is === 'said') {
      this.#tell(watch.call, change.saying);
      return;
    }
    if (change.is === 'born') {
      this.#tell(watch.call, launched(process, watch.adopted));
      return;
    }
    this.#watches.delete(process.runId);
    const { exit } = process;
    this.#tell(
      watch.call,
      exit === null ? { type: 'run.lost', endedMs: this.#clock.wallMs() } : { type: 'run.exited', exit },
    );
  }

  #tell({ run, seq }: DriverCall, fact: FactBody): void {
    const tell = () => {
      this.#report?.({ unitId: run.unitId, cause: seq, fact: { ...fact, generation: run.generation } as Fact });
    };
    const nowMs = this.#clock.monoMs();
    // What is said later arrives later, however long the way was at that time.
    this.#arrivalMs = Math.max(this.#arrivalMs, nowMs + this.#world.reportLagMs);
    if (this.#arrivalMs <= nowMs) this.#clock.defer(tell);
    else this.#clock.setTimer(this.#arrivalMs - nowMs, tell);
  }
}

const withHandle = (run: DriverCall['run']) => ({ ...run, handle: run.handle ?? UNKNOWN });
const UNKNOWN = { pid: null, identity: null };

const launched = (process: SimulatedProcess, adopted: boolean): FactBody => ({
  type: 'run.launched',
  handle: handleOf(process),
  startedMs: process.startedMs,
  adopted,
});
