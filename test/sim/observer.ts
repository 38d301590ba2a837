import type { Queues } from '../../src/actors/queues.ts';
import type { SimulatedProcess } from '../../src/adapters/simulation/process.ts';
import { queueOf } from '../../src/machines/context.ts';
import type { UnitSpec } from '../../src/machines/spec.ts';
import { SUPERVISOR } from '../../src/machines/supervisor.ts';
import type { UnitId } from '../../src/machines/vocabulary.ts';
import type { Store, Tick } from '../../src/store/rows.ts';
import type { Simulation } from '../../src/testing/simulation.ts';
import type { Step } from '../../src/testing/steps.ts';
import { JournalWatch, type Yes } from './journal-watch.ts';
import { untruthsOf } from './outcome-truth.ts';
import { StateWatch } from './state-watch.ts';

/**
 * Knows what is true of the simulated world, and compares it with what the orchestrator writes and does.
 *
 * It never asks the orchestrator whether all is well: it watches births, deaths and commits, and reads the store.
 */
export class Observer {
  readonly faults: string[] = [];
  /** Their machines broke twice: one that fails again while it is being ended is left, and told of. */
  readonly hopeless = new Set<UnitId>();
  readonly journal = new JournalWatch((yes) => this.#checkYes(yes));
  readonly #specs: ReadonlyMap<UnitId, UnitSpec>;
  readonly #queues: Queues;
  readonly #deeds = new Set<string>();
  readonly #states: StateWatch;
  #sim: Simulation | null = null;

  constructor(specs: ReadonlyMap<UnitId, UnitSpec>, queues: Queues = {}) {
    this.#specs = specs;
    this.#queues = queues;
    this.#states = new StateWatch(specs, (fault) => this.#blame(fault));
  }

  /** Puts itself between the orchestrator and the store. */
  readonly wrap = (store: Store): Store => ({
    ...store,
    commit: (tick) => {
      store.commit(tick);
      this.#committed(tick);
    },
  });

  watch(sim: Simulation): void {
    this.#sim = sim;
    sim.world.observe((change) => {
      if (change.is === 'born') this.#born(change.process);
    });
    sim.faults.onTrouble = (call, _how, unitId) => this.#states.excuse(call, unitId);
  }

  /** What a step will have done, to be told before it is played. */
  expect(step: Step): void {
    this.#deeds.add('unit' in step ? `${step.do} ${step.unit}` : step.do);
    if (step.do === 'bug') {
      if (this.#states.isDistrusted(step.unit)) this.hopeless.add(step.unit);
      this.#states.distrust(step.unit);
    }
  }

  /** Compares what stands now, when nothing more can happen without time passing. */
  look(): void {
    const sim = this.#sim;
    if (!sim) return;
    for (const violation of sim.world.violations) this.#blame(violation);
    this.#states.look(sim);
  }

  get allFaults(): readonly string[] {
    return [...this.faults, ...this.journal.faults];
  }

  #committed(tick: Tick): void {
    const sim = this.#sim;
    this.journal.read(tick, sim?.clock.bootId ?? '');
    if (!sim) return;
    const units = new Map(tick.runsOrdered.map(({ runId, unitId }) => [runId, unitId]));
    for (const { runId, outcome } of tick.runsEnded) {
      const unitId = units.get(runId) ?? sim.store.run(runId)?.unitId ?? '';
      const spec = this.#specs.get(unitId);
      if (!spec || sim.forgotten > 0) continue;
      const process = sim.world.processOf(runId);
      const deeds = {
        spec,
        process,
        isAlive: sim.world.runs(runId),
        livedMs: livedMs(process, sim),
        isUnknowable: this.#states.isUnwatched(unitId, sim.lives),
        wasAsked: (what: string) => this.#wasAsked(what, unitId, spec),
      };
      for (const untruth of untruthsOf(runId, unitId, outcome, deeds)) this.#blame(untruth);
    }
  }

  /** No process without a committed run (I1), and none beside another of its unit. */
  #born(born: SimulatedProcess): void {
    const sim = this.#sim;
    if (!sim) return;
    const { runId, unitId } = born;
    this.#checkRoom(sim, born);
    const run = sim.store.run(runId);
    if (!run) this.#blame(`a process was launched for run ${runId} of "${unitId}", which is not recorded (I1)`);
    if (run?.outcome) this.#blame(`run ${runId} of "${unitId}" was launched after it was ${run.outcome.kind} (I3)`);
    for (const other of sim.world.processes()) {
      if (other === born || other.unitId !== unitId || !sim.world.runs(other.runId)) continue;
      this.#blame(`"${unitId}" runs twice: as ${other.runId} and as ${runId} (I1)`);
    }
  }

  /** No more of a queue run than it has room for, whoever died in between. */
  #checkRoom(sim: Simulation, born: SimulatedProcess): void {
    const queueOfUnit = (unitId: UnitId): string | null => {
      const spec = this.#specs.get(unitId);
      return spec ? queueOf(spec) : null;
    };
    const queue = queueOfUnit(born.unitId);
    if (queue === null) return;
    const alive = sim.world
      .processes()
      .filter(({ runId, unitId }) => queueOfUnit(unitId) === queue && sim.world.runs(runId));
    const known = alive.filter(({ unitId }) => !this.#states.isDistrusted(unitId));
    const room = this.#queues[queue]?.concurrency ?? 1;
    if (known.length > room) this.#blame(`${known.length} jobs run in queue ${queue}, which has room for ${room}`);
  }

  /** An answer `done` is true when it is given (I6). */
  #checkYes({ entry, type, generation }: Yes): void {
    const sim = this.#sim;
    if (!sim || sim.forgotten > 0 || sim.disk.refused > 0) return;
    const { unitId, seq } = entry;
    if (unitId === SUPERVISOR) {
      if (type === 'down.requested') this.#checkDown(sim, seq);
      return;
    }
    const runs = sim.store.runs(unitId).filter((run) => run.generation <= generation);
    const alive = runs.filter(({ runId }) => sim.world.runs(runId));
    const wantsDown = type === 'stop.requested' || type === 'terminate.requested';
    if (wantsDown && alive.length > 0) this.#blame(`entry ${seq}: "${unitId}" is said to be down, and runs (I6)`);
    const isWatcher = this.#specs.get(unitId)?.kind === 'watcher';
    const [newest] = runs;
    const wasBorn = newest !== undefined && sim.world.processOf(newest.runId) !== null;
    if (!wantsDown && !isWatcher && !wasBorn)
      this.#blame(`entry ${seq}: "${unitId}" is said to be up, and was not born`);
  }

  #checkDown(sim: Simulation, seq: number): void {
    const alive = sim.world
      .processes()
      .filter(({ runId, unitId }) => sim.world.runs(runId) && !this.hopeless.has(unitId));
    if (alive.length === 0) return;
    this.#blame(`entry ${seq}: all is said to be down, and ${alive.map(({ runId }) => runId).join()} runs (I9)`);
  }

  #wasAsked(what: string, unitId: UnitId, { group }: UnitSpec): boolean {
    const has = (...deeds: readonly string[]): boolean => deeds.some((deed) => this.#deeds.has(deed));
    if (what === 'user') return has(`start ${unitId}`, `stop ${unitId}`, `restart ${unitId}`, `terminate ${unitId}`);
    if (what.startsWith('watcher:')) return has(`touch ${what.slice('watcher:'.length)}`);
    if (what.startsWith('group:')) return what === `group:${group}`;
    return has(what, `${what} ${unitId}`);
  }

  #blame(fault: string): void {
    if (!this.faults.includes(fault)) this.faults.push(fault);
  }
}

/** After a reboot nobody can tell. */
function livedMs(process: SimulatedProcess | null, { clock }: Simulation): number {
  if (process === null) return 0;
  return process.identity.bootId === clock.bootId ? clock.monoMs() - process.startedMonoMs : Number.POSITIVE_INFINITY;
}
