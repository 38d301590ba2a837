import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { secretsRegistry } from '../../src/adapters/log/secrets.ts';
import type { Store, Tick } from '../../src/store/rows.ts';
import { Simulation } from '../../src/testing/simulation.ts';
import { add, play } from '../../src/testing/steps.ts';
import { Observer } from './observer.ts';
import { comeToRest, leakedSecrets, leftBehind, unfolded, unreplayed } from './rest.ts';
import { SECRET, type SimScenario, specsOf } from './scenario.ts';

/** A scenario that was lived through. */
export interface Lived {
  readonly faults: readonly string[];
  readonly entries: number;
  readonly simulatedMs: number;
  /** Orchestrators that came after another. */
  readonly successors: number;
  /** What went wrong on purpose, by kind. */
  readonly suffered: ReadonlyMap<string, number>;
  /** Every kind of event and of outcome that was recorded. */
  readonly seen: ReadonlySet<string>;
  /** One line for each entry, to be read and to be compared byte by byte. */
  readonly journal: string;
}

/** One life in a hundred restarts something every few seconds, for days: it shows no more, and costs more than all. */
const ENTRIES_ENOUGH = 2_000;

/** Makes an orchestrator write what is not so, to see whether the observer notices. */
export type Tamper = (tick: Tick) => Tick;

const tampered = (store: Store, tamper: Tamper): Store => ({ ...store, commit: (tick) => store.commit(tamper(tick)) });

/**
 * Plays a scenario, then heals every fault, lets the world come to rest, stops everything, and looks at what is left.
 *
 * An observer compares what is recorded with what is true after every step.
 */
export async function live(scenario: SimScenario, tamper: Tamper = (tick) => tick): Promise<Lived> {
  const directory = scenario.onFile ? mkdtempSync(join(tmpdir(), 'sim-')) : null;
  try {
    return await liveIn(scenario, directory, tamper);
  } finally {
    if (directory !== null) rmSync(directory, { recursive: true, force: true });
  }
}

async function liveIn(scenario: SimScenario, directory: string | null, tamper: Tamper): Promise<Lived> {
  const { behaviours, pidsMax, groups, queues, steps } = scenario;
  const specs = specsOf(scenario);
  const observer = new Observer(specs, queues);
  const secrets = secretsRegistry();
  secrets.add(SECRET);
  const sim = new Simulation({
    ...{ behaviours, pidsMax, wrap: (store: Store) => tampered(observer.wrap(store), tamper), redact: secrets.redact },
    ...(directory !== null && { path: join(directory, 'reeve.db') }),
  });
  sim.faults.words = SECRET;
  observer.watch(sim);
  const startMs = sim.clock.wallMs();
  try {
    await sim.open();
    add(sim, [...specs.values()], groups, queues);
    for (const step of steps) {
      if (observer.journal.entries > ENTRIES_ENOUGH) break;
      observer.expect(step);
      await play(sim, step, specs);
      observer.look();
    }
    await comeToRest(sim, observer);
    const journal = [...sim.store.journal()];
    const told = [...leakedSecrets(journal), ...unfolded(journal, specs), ...unreplayed(sim)];
    return {
      faults: [...observer.allFaults, ...leftBehind(sim, specs), ...told],
      entries: observer.journal.entries,
      simulatedMs: sim.clock.wallMs() - startMs,
      successors: sim.lives - 1,
      suffered: sim.faults.suffered,
      seen: observer.journal.seen,
      journal: journal.map((entry) => JSON.stringify(entry)).join('\n'),
    };
  } finally {
    await sim.close();
  }
}
