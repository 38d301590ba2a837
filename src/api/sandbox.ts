import type { Arrival } from '../actors/arrivals.ts';
import { rearmed } from '../actors/recovery.ts';
import { Registry } from '../actors/registry.ts';
import type { Shared } from '../actors/remembered.ts';
import { computeTick } from '../actors/tick.ts';
import { createWheel, type Wheel } from '../actors/timers.ts';
import { createPublicRef, type UnitActor } from '../actors/unit-actor.ts';
import { definitionHash } from '../machines/definition.ts';
import { problemOf } from '../machines/errors.ts';
import type { Moment } from '../machines/events.ts';
import { type MachineName, machines as ours } from '../machines/machines.ts';
import { createStepper } from '../machines/step.ts';
import { SUPERVISOR } from '../machines/supervisor.ts';
import type { Json, UnitId } from '../machines/vocabulary.ts';
import type { ArmedTimer, UnitMoment } from '../store/replay/fold.ts';
import type { TraceSpec } from '../store/replay/format.ts';
import type { Machines } from '../store/replay/verify.ts';
import type { Entry, TimerRow } from '../store/rows.ts';

/** What could not go on as it was recorded. */
export interface SandboxFault {
  readonly unitId: UnitId;
  readonly event: string;
  readonly message: string;
}

/** Nothing in a sandbox ever waits for real. */
const STILL = { bootId: '', wallMs: () => 0, monoMs: () => 0, setTimer: () => () => {}, defer: () => {} };

/**
 * Machines that run on from a point of a history, with nobody to perform what they command.
 *
 * Events go the way they always go, through the same computation of a tick: so what one unit tells another, what the
 * supervisor makes of it, and which timers are stale, is not a second opinion.
 */
export class Sandbox {
  readonly registry: Registry;
  readonly faults: SandboxFault[] = [];
  readonly #machines: Machines;
  readonly #wheel: Wheel = createWheel(STILL, () => {});
  readonly #timers = new Map<string, TimerRow>();
  readonly #onEntry: (entry: Entry) => void;
  #seq: number;

  constructor(
    firstSeq: number,
    { machines, groups, queues, onEntry }: Shared & { machines: Machines; onEntry: (entry: Entry) => void },
  ) {
    this.#seq = firstSeq;
    this.#machines = machines;
    this.#onEntry = onEntry;
    this.registry = new Registry(this.#actor(SUPERVISOR, 'supervisor', 0));
    this.registry.arrange({ groups, queues });
  }

  /** Puts a unit where it was. */
  place(moment: UnitMoment, spec: TraceSpec | null): void {
    const { unitId, value, context, aseq, timers } = moment;
    if (unitId === SUPERVISOR) {
      this.#putSupervisor(this.#actor(SUPERVISOR, 'supervisor', aseq, value, context));
    } else if (spec) {
      const whole = { ...context, spec: withDefaults(spec.spec) };
      this.registry.add(this.#actor(unitId, spec.kind, aseq, value, whole));
    }
    for (const timer of timers) this.#arm(rowOf(unitId, timer));
  }

  /** Lets a unit begin as it is recorded to have begun, and answers the `seq` of that here. */
  bear(entry: Entry, spec: TraceSpec | null): void {
    const { unitId, value, patch, atMs, monoMs } = entry;
    const aseq = (this.registry.get(unitId)?.aseq ?? entry.aseq - 1) + 1;
    for (const timer of this.#wheel.of(unitId)) this.#disarm(timer);
    if (unitId === SUPERVISOR) {
      this.#putSupervisor(this.#actor(SUPERVISOR, 'supervisor', aseq, value, patch));
      this.#rearm({ atMs, monoMs });
    } else if (spec) {
      this.registry.add(this.#actor(unitId, spec.kind, aseq, value, { ...patch, spec: withDefaults(spec.spec) }));
    }
    this.#onEntry({ ...entry, seq: this.#seq++, aseq });
  }

  /** Takes events as those of one tick, and lets happen what follows from them at once. */
  take(batch: readonly Arrival[]): void {
    if (batch.length === 0) return;
    const context = { registry: this.registry, wheel: this.#wheel, bootId: STILL.bootId, isDegraded: false };
    const { tick, steps, faults } = computeTick(batch, this.#seq, context);
    this.#seq += tick.entries.length;
    for (const { unitId, timer } of tick.timersCleared) this.#disarm({ unitId, timer });
    for (const row of tick.timersSet) this.#arm(row);
    for (const { actor, next, entry, unsnapped } of steps)
      Object.assign(actor, { snapshot: next, aseq: entry.aseq, unsnapped });
    for (const { actor, arrival, error } of faults) {
      this.faults.push({ unitId: actor.id, event: arrival.body.type, message: problemOf(error).message });
    }
    for (const unitId of tick.unitsRemoved) {
      this.registry.remove(unitId);
      for (const timer of this.#wheel.of(unitId)) this.#disarm(timer);
    }
    for (const entry of tick.entries) this.#onEntry(entry);
  }

  /** Where everybody is now. */
  get states(): ReadonlyMap<UnitId, Entry['value']> {
    return new Map(
      [this.registry.supervisor, ...this.registry.units()].map(({ id, snapshot }) => [id, snapshot.value]),
    );
  }

  armed(unitId: UnitId, timer: TimerRow['timer']): TimerRow | undefined {
    return this.#wheel.armed(unitId, timer);
  }

  /** The timer that is due first, of those that are due before. */
  firstDue(beforeMonoMs: number, mayFire: (row: TimerRow) => boolean): TimerRow | null {
    let first: TimerRow | null = null;
    for (const row of this.#timers.values()) {
      const isEarlier = row.dueMonoMs < (first?.dueMonoMs ?? beforeMonoMs);
      if (isEarlier && mayFire(row)) first = row;
    }
    return first;
  }

  #putSupervisor(actor: UnitActor): void {
    const { snapshot, aseq } = actor;
    Object.assign(this.registry.supervisor, { snapshot, aseq });
  }

  /** As after a restart of ours: what was left of a wait, or its full length. */
  #rearm({ atMs, monoMs }: Moment): void {
    for (const row of [...this.#timers.values()]) {
      const isOtherBoot = monoMs < row.dueMonoMs - row.lengthMs;
      const clock = {
        ...STILL,
        bootId: isOtherBoot ? 'another' : row.bootId,
        wallMs: () => atMs,
        monoMs: () => monoMs,
      };
      this.#arm({ ...rearmed(row, clock), bootId: STILL.bootId });
    }
  }

  #arm(row: TimerRow): void {
    this.#timers.set(`${row.unitId} ${row.timer}`, row);
    this.#wheel.arm(row);
  }

  #disarm({ unitId, timer }: Pick<TimerRow, 'unitId' | 'timer'>): void {
    this.#timers.delete(`${unitId} ${timer}`);
    this.#wheel.disarm(unitId, timer);
  }

  #actor(id: UnitId, name: MachineName, aseq: number, value?: Entry['value'], context?: object): UnitActor {
    const machine = this.#machines[name] ?? ours[name];
    const input = { id, epoch: '', spec: {}, ...context };
    const stepper = createStepper(machine, input);
    const fresh = stepper.begin(input).next;
    const snapshot = value === undefined ? fresh : stepper.restore(value, { ...fresh.context, ...context });
    const ref = createPublicRef(
      id,
      machine,
      snapshot,
      () => {},
      () => {},
    );
    const code = { stepper, definition: definitionHash(machine), version: Number(machine.version) };
    return { id, ...code, ref, snapshot, aseq, unsnapped: 0, quarantined: null, released: false, launching: null };
  }
}

const withDefaults = (spec: Json) => ({ after: {}, group: null, ...(spec as object) });

const rowOf = (unitId: UnitId, { timer, seq, dueMs, dueMonoMs, lengthMs, restore }: ArmedTimer): TimerRow => ({
  unitId,
  timer,
  seq,
  bootId: STILL.bootId,
  dueMonoMs,
  dueWallMs: dueMs,
  lengthMs,
  restore,
});
