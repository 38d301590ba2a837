import type { Call } from '../../src/adapters/simulation/faults.ts';
import type { UnitSpec } from '../../src/machines/spec.ts';
import { stateHash } from '../../src/machines/step.ts';
import { stateOf } from '../../src/machines/view.ts';
import type { UnitId } from '../../src/machines/vocabulary.ts';
import { loadStates } from '../../src/store/projections/states.ts';
import type { TimerRow } from '../../src/store/rows.ts';
import type { Simulation } from '../../src/testing/simulation.ts';

/** The wait that a unit must have in each of these states, and no state may be without (I4). */
const WAITS: Readonly<Record<string, string>> = {
  'spawning.delayed': 'delay',
  'spawning.launching': 'launch',
  'spawning.adopting': 'launch',
  'waiting-health': 'start',
  'stopping.asking': 'ask',
  'stopping.terminating': 'grace',
  'stopping.killing': 'kill',
  'stopping.sweeping': 'sweep',
  'reaped.backoff': 'backoff',
};

/** How long a state may disagree with the world: the launch deadline is the longest way to find out. */
const ADRIFT_MAX_MS = 40_000;

/** Compares the states that units are in with the world, and with the store. */
export class StateWatch {
  readonly #specs: ReadonlyMap<UnitId, UnitSpec>;
  readonly #blame: (fault: string) => void;
  /** Since when a state is not what is true. */
  readonly #adrift = new Map<UnitId, { readonly what: string; readonly sinceMs: number }>();
  /** Timers that were overdue when we looked last. */
  #overdue = new Map<string, number>();
  /** When an orchestrator opened last, or a disk refused something. */
  #troubledMs = 0;
  #troubles = 0;
  #comparedSeq = 0;
  readonly #distrusted = new Set<UnitId>();
  /** Nobody watches them, because their driver did not do as it was told: they cannot be known. */
  readonly #unwatched = new Map<UnitId, number>();

  constructor(specs: ReadonlyMap<UnitId, UnitSpec>, blame: (fault: string) => void) {
    this.#specs = specs;
    this.#blame = blame;
  }

  /** A driver that swallows an order to watch leaves nobody to notice an end, until the next orchestrator. */
  excuse(call: Call, unitId: UnitId): void {
    if (call === 'attach' || call === 'sight') this.#unwatched.set(unitId, -1);
  }

  /** Its machine throws: it is to be quarantined, and no other is (I11). */
  distrust(unitId: UnitId): void {
    this.#distrusted.add(unitId);
  }

  isUnwatched(unitId: UnitId, life: number): boolean {
    const since = this.#unwatched.get(unitId);
    return since === -1 || since === life;
  }

  isDistrusted(unitId: UnitId): boolean {
    return this.#distrusted.has(unitId);
  }

  look(sim: Simulation): void {
    if (!sim.isUp) {
      this.#adrift.clear();
      this.#overdue.clear();
      return;
    }
    if (this.#troubles !== sim.lives + sim.disk.refused) this.#troubledMs = sim.clock.monoMs();
    this.#troubles = sim.lives + sim.disk.refused;
    for (const [unitId, life] of this.#unwatched) if (life === -1) this.#unwatched.set(unitId, sim.lives);
    for (const { id, snapshot, quarantined } of sim.orchestrator.registry.units()) {
      if (quarantined !== null) {
        if (!this.#distrusted.has(id))
          this.#blame(`"${id}" is quarantined for no fault of its own: ${quarantined} (I11)`);
        continue;
      }
      this.#compareWithWorld(sim, id, snapshot.value, snapshot.context.run?.runId ?? null);
    }
    if (sim.orchestrator.recorder.degraded === null) this.#compareWithStore(sim);
  }

  #compareWithWorld(sim: Simulation, id: UnitId, value: unknown, runId: string | null): void {
    const nowMs = sim.clock.monoMs();
    const isAlive = runId !== null && sim.world.runs(runId);
    const { state, substate } = stateOf(value);
    const saysAlive = state !== 'reaped' && state !== 'spawning' && substate !== 'sweeping';
    const isUnwatched = this.isUnwatched(id, sim.lives);
    if (isAlive === saysAlive || isUnwatched || this.#specs.get(id)?.kind === 'watcher') {
      this.#adrift.delete(id);
      return;
    }
    const what = `${runId} is ${JSON.stringify(value)}`;
    const known = this.#adrift.get(id);
    const sinceMs = known?.what === what ? known.sinceMs : nowMs;
    this.#adrift.set(id, { what, sinceMs });
    if (nowMs - sinceMs <= ADRIFT_MAX_MS + sim.world.reportLagMs) return;
    const truth = isAlive ? 'runs' : 'does not run';
    this.#blame(`"${id}" has been ${JSON.stringify(value)} for ${nowMs - sinceMs} ms, and ${runId} ${truth}`);
  }

  /** What is stored is what is known, and no deadline was passed over (I4). */
  #compareWithStore(sim: Simulation): void {
    const { store, clock, orchestrator } = sim;
    const timers = store.timers();
    const lastSeq = store.lastSeq();
    if (lastSeq !== this.#comparedSeq) this.#compareStates(sim, timers);
    this.#comparedSeq = lastSeq;
    const overdue = new Map<string, number>();
    for (const row of timers) {
      const dueMs = this.#dueMs(row, clock.bootId);
      const isDeaf = orchestrator.registry.get(row.unitId)?.quarantined !== null;
      if (dueMs >= clock.monoMs() || isDeaf) continue;
      const key = `${row.timer} of "${row.unitId}", armed by entry ${row.seq},`;
      overdue.set(key, clock.monoMs());
      const seenMs = this.#overdue.get(key);
      if (seenMs !== undefined && seenMs < clock.monoMs()) this.#blame(`${key} was due at ${dueMs} (I4)`);
    }
    this.#overdue = overdue;
  }

  /** What recovery would find is what is known (I5), and every wait has its deadline (I4). */
  #compareStates({ store, orchestrator }: Simulation, timers: readonly TimerRow[]): void {
    for (const stored of loadStates(store)) {
      const actor = orchestrator.registry.get(stored.unit.id);
      if (!actor || actor.quarantined !== null || stored.unreadable) continue;
      const { id, snapshot } = actor;
      if (stored.stateHash !== stateHash(snapshot.value, snapshot.context)) {
        this.#blame(`"${id}" is ${JSON.stringify(snapshot.value)}, and stored as ${JSON.stringify(stored.value)} (I5)`);
      }
      const { state, substate } = stateOf(snapshot.value);
      const wait = WAITS[substate === null ? state : `${state}.${substate}`];
      if (wait && !timers.some(({ unitId, timer }) => unitId === id && timer === wait)) {
        this.#blame(`"${id}" is ${JSON.stringify(snapshot.value)} without a deadline (I4)`);
      }
    }
  }

  /** The latest time at which a timer may be due. To whom an orchestrator gives more time is not written down. */
  #dueMs({ bootId, timer, restore, dueMonoMs, lengthMs }: TimerRow, nowBootId: string): number {
    const isGivenTime = restore === 'restart' || bootId !== nowBootId || timer === 'launch';
    return Math.max(bootId === nowBootId ? dueMonoMs : 0, isGivenTime ? this.#troubledMs + lengthMs : 0);
  }
}
