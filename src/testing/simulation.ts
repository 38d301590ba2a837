import { Orchestrator } from '../actors/orchestrator.ts';
import type { Driver, Log } from '../actors/ports.ts';
import { inProcessDriver } from '../adapters/in-process/driver.ts';
import { type SimulatedClock, simulatedClock } from '../adapters/simulation/clock.ts';
import { Faults, unreliableDriver, unreliableProbes } from '../adapters/simulation/faults.ts';
import { simulatedProbes } from '../adapters/simulation/probes.ts';
import { type SimulatedProcesses, simulatedProcesses } from '../adapters/simulation/processes.ts';
import { type SimulatedWatches, simulatedWatches } from '../adapters/simulation/watches.ts';
import type { World } from '../adapters/simulation/world.ts';
import { problemOf } from '../machines/errors.ts';
import type { UnitId } from '../machines/vocabulary.ts';
import type { Store } from '../store/rows.ts';
import { openStore } from '../store/store.ts';
import { type Asked, followed, type Wish } from './asked.ts';
import { Disk } from './disk.ts';
import { Life } from './life.ts';
import { asOlder } from './older.ts';
import type { Code, SimulationOptions, Successor } from './options.ts';
import { completed, nextTurn } from './turns.ts';

/**
 * The production orchestrator, over real SQLite, with time, processes, probes and faults as data.
 *
 * `crash()` is a SIGKILL: what it still had to do is gone; world and store stay. The order of everything depends on
 * nothing but the calls made here.
 */
export class Simulation {
  readonly clock: SimulatedClock = simulatedClock();
  readonly faults = new Faults();
  readonly disk = new Disk(this.clock);
  readonly logged: string[] = [];
  readonly asked: Asked[] = [];
  /** How many orchestrators there were. */
  lives = 0;
  /** How many of them ended while the disk refused what they knew. */
  forgotten = 0;
  store: Store;
  readonly #options: SimulationOptions;
  readonly #processes: SimulatedProcesses;
  readonly #watches: SimulatedWatches;
  #life: Life | null = null;
  #ports: readonly { close(): Promise<void> }[] = [];
  #orchestrator: Orchestrator | null = null;
  /** What follows a crash that was ordered. */
  #successor: Successor | null = null;
  #successorAtMs: number | null = null;

  constructor(options: SimulationOptions = {}) {
    const { behaviours = {}, pidsMax } = options;
    this.#options = options;
    this.#processes = simulatedProcesses({ clock: this.clock, behaviours, ...(pidsMax && { pidsMax }) });
    this.#watches = simulatedWatches(this.world);
    this.store = this.#openStore();
  }

  get world(): World {
    return this.#processes.world;
  }

  /** Whether an orchestrator is at work: recovered, and not killed since. */
  get isUp(): boolean {
    return this.#orchestrator !== null;
  }

  get orchestrator(): Orchestrator {
    if (!this.#orchestrator) throw new Error('No orchestrator is open: it crashed.');
    return this.#orchestrator;
  }

  /** Opens an orchestrator on what is there, which is recovery. Returns before it has heard of anything new. */
  async open({ code = 'same', effects }: Partial<Successor> = {}): Promise<void> {
    this.#successorAtMs = null;
    if (this.#options.path !== undefined && this.lives > 0) {
      this.store.close();
      this.store = this.#openStore();
    }
    const life = new Life(this.clock.session(), () => this.#bury());
    this.#life = life;
    this.disk.isBehind = false;
    this.lives++;
    if (effects !== undefined) life.endAfter(effects);
    try {
      const orchestrator = this.#orchestratorOf(life, code);
      await completed(orchestrator.recover(), life, this.clock);
      if (!life.isOver) this.#orchestrator = orchestrator;
    } catch (error) {
      if (life.isOver) return;
      life.end();
      throw error;
    }
  }

  /** A SIGKILL, now. Nobody comes after it before `open`. */
  crash(): void {
    this.#successor = null;
    this.#successorAtMs = null;
    this.#life?.end();
  }

  /** A SIGKILL after so many more effects (commits, commands), or now; the next orchestrator comes by itself. */
  crashAfter(effects: number | null, successor: Successor): void {
    if (!this.#life || this.#life.isOver) return;
    this.#successor = successor;
    if (effects === null) this.#life.end();
    else this.#life.endAfter(effects);
  }

  /** Closes the orchestrator and leaves what runs: for `open` to find. */
  async leave(): Promise<void> {
    const life = this.#life;
    if (life && this.#orchestrator) await completed(this.#orchestrator.close(), life, this.clock);
    this.crash();
  }

  /** The machine is switched off and on again: nothing that ran is left. Nobody comes before `open`. */
  reboot(offMs: number): void {
    this.crash();
    this.clock.reboot(offMs);
  }

  /** The next orchestrator comes by itself, and again as long as it cannot open. */
  expect(successor: Successor): void {
    this.#successor = successor;
    this.#successorAtMs = this.clock.monoMs() + successor.downMs;
  }

  /** Somebody changes what a watcher watches. */
  touch(unit: UnitId, what: readonly string[]): void {
    this.#watches.touch(unit, what);
  }

  ask(unit: UnitId, what: Wish, signal?: AbortSignal): Asked {
    return this.#note(what, unit, this.orchestrator.request(unit, `${what}.requested`, 'user', signal));
  }

  askAll(what: 'up' | 'down'): Asked {
    return this.#note(what, null, this.orchestrator[what]());
  }

  /** Lets everything happen that can without time passing. */
  async settle(): Promise<void> {
    do {
      if (this.#isSuccessorDue()) await this.#succeed();
      this.clock.flush();
      await nextTurn();
    } while (!this.clock.isQuiet() || this.#isSuccessorDue());
  }

  /** Lets time pass and, at every moment in it, whatever can happen then. */
  async advance(ms: number): Promise<void> {
    const endMs = this.clock.monoMs() + ms;
    await this.settle();
    for (;;) {
      const nextMs = Math.min(this.clock.nextDueMs() ?? Number.POSITIVE_INFINITY, this.#successorAtMs ?? endMs);
      this.clock.advance(Math.max(0, Math.min(nextMs, endMs) - this.clock.monoMs()));
      await this.settle();
      const isOver = (this.clock.nextDueMs() ?? Number.POSITIVE_INFINITY) > endMs;
      if (isOver && this.clock.monoMs() >= endMs) return;
    }
  }

  async close(): Promise<void> {
    await this.leave();
    this.store.close();
  }

  #isSuccessorDue(): boolean {
    return this.#successorAtMs !== null && this.#successorAtMs <= this.clock.monoMs();
  }

  async #succeed(): Promise<void> {
    const { downMs, code = 'same', effects }: Successor = this.#successor ?? { downMs: 0 };
    try {
      this.#successor = { downMs, code };
      await this.open({ code, ...(effects !== undefined && { effects }) });
    } catch (error) {
      if (problemOf(error).code !== 'StoreUnwritable') throw error;
      this.expect({ code, downMs: OPEN_AGAIN_MS });
    }
  }

  #bury(): void {
    this.#orchestrator = null;
    if (this.disk.isBehind) this.forgotten++;
    for (const port of this.#ports) void port.close();
    if (this.#successor) this.#successorAtMs = this.clock.monoMs() + this.#successor.downMs;
  }

  #orchestratorOf(life: Life, code: Code): Orchestrator {
    const { clock } = life;
    const { faults } = this;
    const drivers = { process: this.#processes.driver(clock), files: this.#watches.driver(clock) };
    const inProcess = this.#functions(life);
    const probes = simulatedProbes({ world: this.world, clock });
    this.#ports = [drivers.process, drivers.files, inProcess, probes];
    const alive = (driver: Driver): Driver => life.driver(unreliableDriver(driver, faults, clock));
    const orchestrator = new Orchestrator({
      store: life.store(code === 'newer' ? asOlder(this.store) : this.store),
      clock,
      log: this.#log(life),
      drivers: { process: alive(drivers.process), files: alive(drivers.files), 'in-process': inProcess },
      probes: life.probes(unreliableProbes(probes, faults, clock)),
      instance: `i${this.lives}-`,
      ...(this.#options.redact && { redact: this.#options.redact }),
    });
    const { onEntry } = this.#options;
    if (onEntry) orchestrator.observe(onEntry);
    return orchestrator;
  }

  /** Where no functions are given it does nothing in the world, so that nobody can be killed by what it does. */
  #functions(life: Life): Driver {
    const { functions } = this.#options;
    const options = { clock: life.clock, log: this.#log(life), functions: functions ?? new Map(), beat: () => {} };
    return functions ? life.driver(inProcessDriver(options)) : inProcessDriver(options);
  }

  #openStore(): Store {
    const { path = ':memory:', wrap = (store) => store } = this.#options;
    return this.disk.store(wrap(openStore({ path })));
  }

  #note(what: Asked['what'], unit: UnitId | null, answer: Promise<void>): Asked {
    const life = this.#life;
    const about = { what, unit, life: this.lives, atMonoMs: this.clock.monoMs() };
    const asked = followed(about, answer, () => life?.isOver ?? true);
    this.asked.push(asked);
    return asked;
  }

  #log(life: Life): Log {
    const write = (fields: object, message: string): void => {
      if (!life.isOver) this.logged.push(`${'unit' in fields ? `${fields.unit}: ` : ''}${message}`);
    };
    return { debug() {}, info: write, warn: write, error: write };
  }
}

/** Whoever is refused by a full disk tries again. */
const OPEN_AGAIN_MS = 60_000;
