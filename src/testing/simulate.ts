import type { Queues } from '../actors/queues.ts';
import type { Groups } from '../actors/registry.ts';
import type { Behaviours } from '../adapters/simulation/behaviour.ts';
import { parseDuration } from '../api/duration.ts';
import type { Duration } from '../api/types.ts';
import type { OutcomeKind } from '../machines/outcome.ts';
import { assertConsistent, type UnitSpec } from '../machines/spec.ts';
import { SUPERVISOR } from '../machines/supervisor.ts';
import { stateOf } from '../machines/view.ts';
import type { UnitId } from '../machines/vocabulary.ts';
import type { Entry, RunRow } from '../store/rows.ts';
import type { Asked } from './asked.ts';
import { Simulation } from './simulation.ts';
import { add, play, type Step } from './steps.ts';

/** Units, how their processes behave, and what happens to them. Data: it can be printed, stored, generated. */
export interface Scenario {
  /** Made by `server()`, `job()`, `watcher()`, or read from a project file. None of them is started by itself. */
  readonly units: readonly UnitSpec[];
  readonly groups?: Groups;
  /** How many jobs of a queue run at the same time; one, for a queue that is not named here. */
  readonly queues?: Queues;
  /** A unit that is not named here starts at once, is ready at once, and ends when it is told to. */
  readonly behaviours?: Behaviours;
  readonly steps: readonly Step[];
  /** How long it goes on after the last step. @default '1m' */
  readonly then?: Duration;
  /** How many pids there are: with a few, they soon come back. @default 30_000 */
  readonly pidsMax?: number;
}

export interface StateChange {
  /** Since the beginning, in simulated milliseconds. */
  readonly atMs: number;
  readonly unit: UnitId;
  /** As in `running.healthy`. */
  readonly state: string;
}

/** What happened, and how things stand at the end. */
export interface Simulated {
  /** The journal, from its first entry. */
  readonly entries: readonly Entry[];
  /** Every state that a unit came into, in order. */
  readonly states: readonly StateChange[];
  /** All runs, in the order in which they were launched. */
  readonly runs: readonly RunRow[];
  /** The requests of the steps, and how they were answered. */
  readonly asked: readonly Asked[];
  /** Warnings and errors, as people would have read them. */
  readonly logged: readonly string[];
  /** How the runs of a unit ended, oldest first; `null` for one that still runs. */
  outcomes(unit: UnitId): readonly (OutcomeKind | null)[];
  /** The states a unit was in, in order. */
  statesOf(unit: UnitId): readonly string[];
}

/**
 * Plays what happens to your units, with the real machines and a real journal, without any process: an hour of it takes
 * milliseconds, and the same scenario always ends in the same way.
 *
 * **Example** (A restart after a failure, and a stop that has to be enforced)
 *
 * ```ts
 * const day = await simulate({
 *   units: [server({ id: 'api', command: 'node api.js', stop: { grace: '2s' } })],
 *   behaviours: { api: [{ diesAfterMs: 5_000, exit: { code: 1 } }, { onTerminate: 'ignores' }] },
 *   steps: [{ do: 'up' }, { wait: '1m', do: 'down' }],
 * });
 * day.outcomes('api') // => ['failed', 'stopped']
 * day.asked.map(({ what, answer }) => `${what}: ${answer}`) // => ['up: done', 'down: done']
 * day.runs[1].outcome.signal // => 'SIGKILL'
 * ```
 *
 * @throws {InvalidSpec} The units do not fit together.
 */
export async function simulate(scenario: Scenario): Promise<Simulated> {
  const { units, groups = {}, queues = {}, behaviours = {}, pidsMax, steps, then = '1m' } = scenario;
  assertConsistent(units);
  const sim = new Simulation({ behaviours, ...(pidsMax !== undefined && { pidsMax }) });
  try {
    await sim.open();
    add(sim, units, groups, queues);
    const specs = new Map(units.map((spec) => [spec.id, spec]));
    for (const step of steps) await play(sim, step, specs);
    await sim.advance(parseDuration(then, 'then'));
    return told(sim);
  } finally {
    await sim.close();
  }
}

function told({ store, asked, logged }: Simulation): Simulated {
  const entries = [...store.journal()];
  const states = statesIn(entries);
  const runs = store.runIds().flatMap((runId) => store.run(runId) ?? []);
  runs.sort((one, other) => one.orderedSeq - other.orderedSeq);
  return {
    ...{ entries, states, runs, asked, logged },
    outcomes: (unit) => runs.filter(({ unitId }) => unitId === unit).map(({ outcome }) => outcome?.kind ?? null),
    statesOf: (unit) => states.filter((change) => change.unit === unit).map(({ state }) => state),
  };
}

function statesIn(entries: readonly Entry[]): readonly StateChange[] {
  const last = new Map<UnitId, string>();
  const startMs = entries[0]?.atMs ?? 0;
  return entries.flatMap(({ unitId, value, atMs }) => {
    const { state, substate } = stateOf(value);
    const words = substate === null ? state : `${state}.${substate}`;
    if (unitId === SUPERVISOR || last.get(unitId) === words) return [];
    last.set(unitId, words);
    return [{ atMs: atMs - startMs, unit: unitId, state: words }];
  });
}
