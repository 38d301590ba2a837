import { onTestFinished } from 'vitest';
import type { Groups } from '../../src/actors/registry.ts';
import type { UnitSpec } from '../../src/machines/spec.ts';
import type { Entry } from '../../src/store/rows.ts';
import type { Asked, Wish } from '../../src/testing/asked.ts';
import type { SimulationOptions as PublishedOptions } from '../../src/testing/options.ts';
import { Simulation as PublishedSimulation } from '../../src/testing/simulation.ts';

export interface SimulationOptions extends PublishedOptions {
  readonly units?: readonly UnitSpec[];
  readonly groups?: Groups;
}

/** The published simulation, closed by itself when its test is over, with what tests look at. */
export class Simulation extends PublishedSimulation {
  readonly entries: Entry[];

  constructor(options: PublishedOptions = {}) {
    const entries: Entry[] = [];
    super({ ...options, onEntry: (entry) => entries.push(entry) });
    this.entries = entries;
  }

  static async open({ units = [], groups, ...options }: SimulationOptions = {}): Promise<Simulation> {
    const simulation = new Simulation(options);
    onTestFinished(() => simulation.close());
    await simulation.open();
    simulation.orchestrator.add(units, groups);
    return simulation;
  }

  /** Nobody can tell at the moment what became of a run. */
  set sightFails(fails: boolean) {
    if (fails) this.faults.plan({ call: 'sight', how: 'throws', times: Number.POSITIVE_INFINITY });
    else this.faults.clear();
  }

  /** Units whose runs were forgotten. */
  get discarded(): readonly string[] {
    return this.world.discarded;
  }

  value(id: string): unknown {
    return this.orchestrator.registry.get(id)?.snapshot.value;
  }

  values(): Record<string, unknown> {
    return Object.fromEntries([...this.orchestrator.registry.units()].map(({ id, snapshot }) => [id, snapshot.value]));
  }

  /** Starts everything, and lets happen what can. */
  async up(): Promise<void> {
    this.askAll('up');
    await this.settle();
  }

  /** Asks for everything to stop. Resolves at once; what becomes of it is in `answer`. */
  down(): Asked {
    return this.askAll('down');
  }

  override ask(id: string, what: Wish): Asked {
    return super.ask(id, what);
  }
}
