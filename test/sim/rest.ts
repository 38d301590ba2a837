import { keepsDescendants } from '../../src/machines/context.ts';
import type { UnitSpec } from '../../src/machines/spec.ts';
import { SUPERVISOR } from '../../src/machines/supervisor.ts';
import type { UnitId } from '../../src/machines/vocabulary.ts';
import { foldSteps } from '../../src/store/replay/history.ts';
import { historyOf } from '../../src/store/replay/store-history.ts';
import { Verifier } from '../../src/store/replay/verify.ts';
import type { Entry } from '../../src/store/rows.ts';
import type { Simulation } from '../../src/testing/simulation.ts';
import type { Observer } from './observer.ts';
import { firstDifference } from './refold.ts';
import { SECRET } from './scenario.ts';

type Specs = ReadonlyMap<UnitId, UnitSpec>;

/** How long a world without faults may take to end everything. */
const DOWN_MAX_MS = 600_000;
const LOOK_EVERY_MS = 20_000;

/** Nothing goes wrong any more: whatever waited goes on, everything is stopped, and a next orchestrator finds it so. */
export async function comeToRest(sim: Simulation, observer: Observer): Promise<void> {
  sim.faults.clear();
  sim.disk.heal();
  sim.world.reportLagMs = 0;
  for (let tries = 0; !sim.isUp && tries < 3; tries++) await sim.advance(DOWN_MAX_MS);
  // A machine that broke twice is whole again in a new process, and only there.
  if (observer.hopeless.size > 0) sim.crash();
  if (!sim.isUp) await sim.open();
  sim.crashAfter(Number.POSITIVE_INFINITY, { downMs: 0 });
  for (let looks = 0; looks < 6; looks++) await pass(sim, observer);

  observer.expect({ do: 'down' });
  const down = sim.askAll('down');
  for (let ms = 0; down.answer === 'waiting' && ms < DOWN_MAX_MS; ms += LOOK_EVERY_MS) await pass(sim, observer);
  if (down.answer !== 'done')
    observer.faults.push(`down is ${down.answer}, after ${DOWN_MAX_MS} ms without faults (I9)`);
  for (const { what, unit, life, answer, atMonoMs } of sim.asked) {
    if (answer !== 'waiting' || life !== sim.lives) continue;
    observer.faults.push(`the ${what} of ${unit ?? 'all'}, asked at ${atMonoMs}, was never answered (I6)`);
  }
  await findTheSame(sim, observer);
}

async function pass(sim: Simulation, observer: Observer): Promise<void> {
  await sim.advance(LOOK_EVERY_MS);
  observer.look();
}

/** What is at rest stays so, whoever comes. */
async function findTheSame(sim: Simulation, observer: Observer): Promise<void> {
  const launched = sim.world.launches.length;
  sim.crash();
  await sim.open();
  await pass(sim, observer);
  if (sim.world.launches.length > launched) observer.faults.push('the next orchestrator starts what was stopped');
}

/** What is left in the world and in the store when all is down. */
export function leftBehind({ world, store }: Simulation, specs: Specs): readonly string[] {
  const processes = world.processes();
  const left = processes.flatMap((process) => {
    const { runId, unitId, behaviour } = process;
    const isLeader = world.runs(runId);
    const spec = specs.get(unitId);
    const mayLeave = behaviour.strayKillDeaf || (spec && keepsDescendants(spec));
    const strays = mayLeave ? 0 : world.straysOf(process).length;
    return [
      ...(isLeader ? [`${runId} of "${unitId}" still runs`] : []),
      ...(strays > 0 ? [`${strays} strays of ${runId} still run`] : []),
    ];
  });
  const open = store.openRuns().map(({ runId, unitId }) => `run ${runId} of "${unitId}" has no outcome (I3)`);
  const outbox = store
    .outbox()
    .map(({ seq, unitId }) => `the launch of "${unitId}" (entry ${seq}) stays in the outbox`);
  const timers = store.timers().map(({ unitId, timer }) => `timer ${timer} of "${unitId}" stays armed`);
  return [...left, ...open, ...outbox, ...timers];
}

export function leakedSecrets(journal: readonly Entry[]): readonly string[] {
  const leaks = journal.filter((entry) => JSON.stringify(entry).includes(SECRET));
  return leaks.map(({ seq, event }) => `entry ${seq} (${event.type}) tells a secret (I7)`);
}

/** `reeve replay` finds that every entry is decided again as it was recorded. */
export function unreplayed({ store }: Pick<Simulation, 'store'>): readonly string[] {
  const history = historyOf(store, { project: 'sim', version: '0', nowMs: 0 });
  const verifier = new Verifier(history);
  for (const step of foldSteps(history)) {
    const checked = verifier.check(step);
    if (checked.is === 'different') return [`replay: ${checked.divergence.message}`];
    if (checked.is === 'unknown') return [`replay: entry ${step.entry.seq} cannot be checked: ${checked.why}`];
  }
  return [];
}

/** The journal, folded again by the same machines, gives what is recorded (I5). */
export function unfolded(journal: readonly Entry[], specs: Specs): readonly string[] {
  return [SUPERVISOR, ...specs.keys()].flatMap((id) => {
    const entries = journal.filter(({ unitId }) => unitId === id);
    return firstDifference(entries, specs.get(id) ?? null) || [];
  });
}
