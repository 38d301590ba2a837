import { onTestFinished } from 'vitest';
import type { Drivers } from '../../src/actors/interpreter.ts';
import { Orchestrator } from '../../src/actors/orchestrator.ts';
import type { Log } from '../../src/actors/ports.ts';
import type { Groups } from '../../src/actors/registry.ts';
import type { Behaviours } from '../../src/adapters/simulation/behaviour.ts';
import { type ClockSession, simulatedClock } from '../../src/adapters/simulation/clock.ts';
import { simulatedProbes } from '../../src/adapters/simulation/probes.ts';
import { simulatedProcesses } from '../../src/adapters/simulation/processes.ts';
import type { UnitSpec } from '../../src/machines/spec.ts';
import type { Entry, Store } from '../../src/store/rows.ts';
import { openStore } from '../../src/store/store.ts';

export interface SimulationOptions {
  readonly units?: readonly UnitSpec[];
  readonly groups?: Groups;
  readonly behaviours?: Behaviours;
  /** Wraps the store, to let it fail. */
  readonly wrap?: (store: Store) => Store;
}

/**
 * The production orchestrator, over real SQLite in memory, with a simulated clock and simulated processes.
 *
 * `crash()` is a SIGKILL: its timers and what it still had to say are gone; world and store stay.
 */
export class Simulation {
  readonly clock = simulatedClock();
  readonly #processes;
  readonly store: Store;
  readonly logged: string[] = [];
  readonly entries: Entry[] = [];
  /** Nobody can tell at the moment what became of a run. */
  sightFails = false;
  #session: ClockSession | null = null;
  #orchestrator: Orchestrator | null = null;
  #instances = 0;

  constructor({ behaviours = {}, wrap = (store) => store }: SimulationOptions = {}) {
    this.#processes = simulatedProcesses({ clock: this.clock, behaviours });
    this.store = wrap(openStore({ path: ':memory:' }));
  }

  /** Closed by itself when the test is over. */
  static async open(options: SimulationOptions = {}): Promise<Simulation> {
    const simulation = new Simulation(options);
    onTestFinished(() => simulation.close());
    await simulation.open();
    simulation.orchestrator.add(options.units ?? [], options.groups);
    return simulation;
  }

  get orchestrator(): Orchestrator {
    if (!this.#orchestrator) throw new Error('No orchestrator is open: it crashed.');
    return this.#orchestrator;
  }

  get world() {
    return this.#processes.world;
  }

  /** Opens an orchestrator on what is there, which is recovery. Returns before it has heard of anything new. */
  async open(): Promise<void> {
    const session = this.clock.session();
    const driver = this.#processes.driver(session);
    // To ask the world takes time, in which whatever is due happens.
    const sight = driver.sight.bind(driver);
    driver.sight = (run) => {
      this.clock.advance(0);
      return this.sightFails ? Promise.reject(new Error('no descriptor is left')) : sight(run);
    };
    const drivers: Drivers = { process: driver, files: this.#processes.driver(session) };
    this.#session = session;
    this.#orchestrator = new Orchestrator({
      // It outlives the orchestrator: closing one must not close the other.
      store: { ...this.store, close: () => {} },
      clock: session,
      log: this.#log(),
      drivers,
      probes: simulatedProbes({ world: this.world, clock: session }),
      instance: `i${++this.#instances}-`,
    });
    this.#orchestrator.observe((entry) => this.entries.push(entry));
    await this.#orchestrator.recover();
  }

  crash(): void {
    this.#session?.end();
    this.#orchestrator = null;
  }

  /** Lets everything that can happen without time passing happen. */
  async settle(): Promise<void> {
    let before: number;
    do {
      before = this.store.lastSeq();
      this.clock.flush();
      await nextTurn();
      this.clock.flush();
      await nextTurn();
    } while (this.store.lastSeq() !== before);
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.settle();
  }

  value(id: string): unknown {
    return this.orchestrator.registry.get(id)?.snapshot.value;
  }

  values(): Record<string, unknown> {
    return Object.fromEntries([...this.orchestrator.registry.units()].map(({ id, snapshot }) => [id, snapshot.value]));
  }

  /** Starts everything, and lets happen what can. */
  async up(): Promise<void> {
    void this.orchestrator.up();
    await this.settle();
  }

  /** Asks for everything to stop. Resolves at once; what becomes of it is in `answer`. */
  down(): { answer: string } {
    const asked = { answer: 'waiting' };
    void this.orchestrator.down().then(() => {
      asked.answer = 'done';
    });
    return asked;
  }

  /** A request and what becomes of it: `'waiting'`, `'done'`, or the code of its refusal. */
  ask(id: string, type: 'start' | 'stop' | 'restart' | 'terminate'): { answer: string } {
    const asked = { answer: 'waiting' };
    this.orchestrator.request(id, `${type}.requested`, 'test').then(
      () => {
        asked.answer = 'done';
      },
      (error: { readonly code?: string }) => {
        asked.answer = error.code ?? String(error);
      },
    );
    return asked;
  }

  async close(): Promise<void> {
    await this.#orchestrator?.close();
    this.store.close();
  }

  #log(): Log {
    const write = (fields: object, message: string): void => {
      this.logged.push(`${'unit' in fields ? `${fields.unit}: ` : ''}${message}`);
    };
    return { debug() {}, info: write, warn: write, error: write };
  }
}

/** A turn of the event loop: promises that are settled have told everybody. No time passes. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
