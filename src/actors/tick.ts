import type { Command } from '../machines/commands.ts';
import type { UnitContext } from '../machines/context.ts';
import type { EventBody, JournaledEvent } from '../machines/events.ts';
import { type Step, stateHash } from '../machines/step.ts';
import { SUPERVISOR } from '../machines/supervisor.ts';
import { stateOf } from '../machines/view.ts';
import type { TimerName, UnitId } from '../machines/vocabulary.ts';
import type { Entry, TimerRow } from '../store/rows.ts';
import { type Arrival, answersLaunch, type Deferred, emptyTick } from './arrivals.ts';
import type { ComputedStep, ComputedTick } from './computed.ts';
import { asksTheImpossible } from './refusals.ts';
import type { Registry } from './registry.ts';
import type { Wheel } from './timers.ts';
import type { UnitActor } from './unit-actor.ts';

/** A chain of events that cause each other is a loop when it is longer than this many, and than so many a unit. */
export const CASCADE_DEPTH_MAX = 1_000;
export const CASCADE_DEPTH_PER_UNIT = 10;
/** Entries of a unit between two stored snapshots. */
export const SNAPSHOT_EVERY = 50;

export interface TickContext {
  readonly registry: Registry;
  readonly wheel: Wheel;
  readonly bootId: string;
  /** Nothing can be written, so nothing new begins. */
  readonly isDegraded: boolean;
}

type Snapshot = UnitActor['snapshot'];

/**
 * Computes what a batch of events leads to, on shadow snapshots: nothing outside changes.
 *
 * Order is the order of arrival; what an event tells other units comes after everything that arrived before it.
 */
export function computeTick(batch: readonly Arrival[], firstSeq: number, context: TickContext): ComputedTick {
  return new TickComputation(firstSeq, context).run(batch);
}

class TickComputation {
  readonly #registry: Registry;
  readonly #wheel: Wheel;
  readonly #bootId: string;
  readonly #isDegraded: boolean;
  readonly #depthMax: number;
  readonly #shadows = new Map<UnitActor, { snapshot: Snapshot; aseq: number; unsnapped: number }>();
  /** Timers as this tick leaves them; `null`: not armed. */
  readonly #timers = new Map<string, TimerRow | null>();
  readonly #tick = emptyTick();
  readonly #steps: ComputedStep[] = [];
  readonly #faults: ComputedTick['faults'][number][] = [];
  readonly #undeliverable: Arrival[] = [];
  readonly #postponed: Arrival[] = [];
  readonly #queue: Arrival[] = [];
  /** What comes for them later in this tick comes too late. */
  readonly #removed = new Set<UnitId>();
  /** Units that are not at rest at this point of the tick. Counting is dear: `null` until somebody asks. */
  #up: number | null = null;
  /** Units that nobody who is up needs at this point of the tick. To find that out is to ask all that might. */
  readonly #unneeded = new Set<UnitId>();
  #seq: number;

  constructor(firstSeq: number, { registry, wheel, bootId, isDegraded }: TickContext) {
    this.#seq = firstSeq;
    this.#registry = registry;
    this.#wheel = wheel;
    this.#bootId = bootId;
    this.#isDegraded = isDegraded;
    // A shutdown may go through all units, one after the other, and through the supervisor in between.
    this.#depthMax = Math.max(CASCADE_DEPTH_MAX, CASCADE_DEPTH_PER_UNIT * registry.size);
  }

  run(batch: readonly Arrival[]): ComputedTick {
    this.#queue.push(...batch);
    for (let at = 0; at < this.#queue.length; at++) {
      const arrival = this.#queue[at]!;
      const actor = this.#registry.get(arrival.unitId);
      const isGone = !actor || actor.quarantined !== null || this.#removed.has(actor.id);
      if (isGone || asksTheImpossible(actor, arrival)) this.#undeliverable.push(arrival);
      else if (this.#isDegraded && arrival.body.type === 'restart.advised') this.#postponed.push(arrival);
      else if (!this.#isStaleTimer(arrival)) this.#take(actor, arrival);
      if (actor && concernsQueue(arrival.body)) this.#arrivedInQueue(actor, arrival);
    }
    for (const [key, row] of this.#timers) {
      const [unitId, timer] = key.split(' ') as [UnitId, TimerName];
      if (row) this.#tick.timersSet.push(row);
      else this.#tick.timersCleared.push({ unitId, timer });
    }
    const [steps, faults] = [this.#steps, this.#faults];
    return { tick: this.#tick, steps, faults, undeliverable: this.#undeliverable, postponed: this.#postponed };
  }

  readonly #snapshotOf = (actor: UnitActor): Snapshot => this.#shadows.get(actor)?.snapshot ?? actor.snapshot;

  #take(actor: UnitActor, arrival: Arrival): void {
    const before = this.#snapshotOf(actor);
    try {
      if (arrival.depth > this.#depthMax) throw new Error(`${arrival.depth} events caused each other: this is a loop`);
      const body = 'make' in arrival.body ? arrival.body.make(this.#snapshotOf) : arrival.body;
      const event = { ...body, ...arrival.moment, seq: this.#seq } as JournaledEvent;
      const { next, commands, patch } = actor.stepper.step(before, event);
      const changed = Object.keys(patch).length > 0 || commands.length > 0 || !sameValue(before, next);
      // What was only told from within, and meant nothing, is chatter.
      if (!changed && arrival.depth > 0) return;
      const entry = this.#enter(actor, arrival, { body, next, commands, patch });
      this.#steps.push({ actor, event, entry, next, unsnapped: this.#shadows.get(actor)?.unsnapped ?? 0 });
      if (this.#up !== null) this.#up += Number(isAtRest(before)) - Number(isAtRest(next));
      if (isAtRest(before)) this.#unneeded.clear();
      if (actor.id !== SUPERVISOR) this.#registry.queues.follow(actor, next);
      this.#keep(actor, entry, arrival, before.context, next.context);
      // Who asks for a unit that waits shall hear whether that can have an end.
      const asksInVain = 'requestId' in body && stateOf(next.value).substate === 'waiting';
      // It is the same unit, and others may wait for just that.
      const isWaitedFor = body.type === 'run.printed';
      if (asksInVain || isWaitedFor || !sameValue(before, next)) this.#tellSupervisor(actor, arrival, entry);
    } catch (error) {
      this.#faults.push({ actor, arrival, error });
    }
  }

  /** Whoever could not be told must not be in the way of those behind it. */
  #arrivedInQueue(actor: UnitActor, arrival: Arrival): void {
    const snapshot = this.#snapshotOf(actor);
    const isLost = this.#undeliverable.at(-1) === arrival || this.#faults.at(-1)?.arrival === arrival;
    this.#registry.queues.arrived(actor, snapshot);
    if (!isLost) return;
    this.#registry.queues.passOver(actor);
    this.#tellOfChange(actor, arrival.cause, arrival);
  }

  #enter(actor: UnitActor, { cause, moment }: Arrival, step: Step & { readonly body: EventBody }): Entry {
    const { next, commands, patch, body } = step;
    const count = this.#shadows.get(actor) ?? actor;
    const aseq = count.aseq + 1;
    const hash = stateHash(next.value, next.context);
    const { id: unitId, version, definition } = actor;
    const state = { value: next.value, version, definition, stateHash: hash };
    const entry: Entry = { seq: this.#seq++, unitId, aseq, ...moment, cause, event: body, patch, commands, ...state };
    this.#tick.entries.push(entry);

    const isDue = (commands.length > 0 && isAtRest(next)) || count.unsnapped + 1 >= SNAPSHOT_EVERY;
    if (isDue) {
      const { spec: _, ...context } = next.context;
      this.#tick.snapshots.push({ unitId, seq: entry.seq, aseq, ...state, context });
    }
    this.#shadows.set(actor, { snapshot: next, aseq, unsnapped: isDue ? 0 : count.unsnapped + 1 });
    return entry;
  }

  /** What an entry puts into tables of its own, in the same transaction, and into the queue. */
  #keep(actor: UnitActor, entry: Entry, arrival: Arrival, before: UnitContext, context: UnitContext): void {
    const { event, unitId, value } = entry;
    if (event.type.startsWith('timer.')) this.#setTimer(unitId, timerOf(event), null);
    const isCurrent = 'generation' in event && event.generation === before.generation;
    if (isCurrent && event.type === 'run.launched' && context.run) {
      this.#tick.runsStarted.push({ runId: context.run.runId, handle: event.handle, startedMs: event.startedMs });
    }
    // Answered, or left behind by an orchestrator that is gone.
    const isAnswered = isCurrent && answersLaunch(event);
    if (actor.launching && (isAnswered || stateOf(value).state !== 'spawning'))
      this.#tick.outboxDone.push(actor.launching);
    entry.commands.forEach((command, index) => {
      this.#keepCommand(entry, arrival, command, index, context);
    });
  }

  #keepCommand(entry: Entry, from: Arrival, command: Command, index: number, { run, generation }: UnitContext): void {
    const { unitId, seq, atMs, monoMs } = entry;
    if (command.type === 'startTimer') {
      const { timer, ms, restore } = command.params;
      const due = { bootId: this.#bootId, dueMonoMs: monoMs + ms, dueWallMs: atMs + ms };
      this.#setTimer(unitId, timer, { unitId, timer, seq, ...due, lengthMs: ms, restore });
    } else if (command.type === 'cancelTimer') {
      this.#setTimer(unitId, command.params.timer, null);
    } else if (command.type === 'launch' && run) {
      this.#tick.outboxAdded.push({ seq, index, unitId, command });
      this.#tick.runsOrdered.push({ runId: run.runId, unitId, generation, orderedSeq: seq, orderedMs: atMs });
    } else if (command.type === 'recordOutcome') {
      this.#tick.runsEnded.push(command.params);
    } else if (command.type === 'forgetUnit') {
      this.#tick.unitsRemoved.push(unitId);
      this.#removed.add(unitId);
    } else if (command.type === 'tell') {
      this.#pass(command.params.to, command.params.event, seq, from);
    }
  }

  #setTimer(unitId: UnitId, timer: TimerName, row: TimerRow | null): void {
    const key = `${unitId} ${timer}`;
    // Machines cancel on every exit, armed or not; only what was armed has to be cleared.
    if (row === null && !this.#wheel.armed(unitId, timer)) this.#timers.delete(key);
    else this.#timers.set(key, row);
  }

  /** A timer that was cancelled, or started again, after it had fired and before its turn came. */
  #isStaleTimer({ unitId, body, cause }: Arrival): boolean {
    if (!body.type.startsWith('timer.')) return false;
    const timer = timerOf(body);
    const key = `${unitId} ${timer}`;
    const row = this.#timers.has(key) ? this.#timers.get(key) : this.#wheel.armed(unitId, timer);
    return row?.seq !== cause;
  }

  #tellSupervisor(actor: UnitActor, arrival: Arrival, { seq }: Entry): void {
    if (actor.id === SUPERVISOR) return;
    const isStopping = this.#isStopping();
    if (isStopping || this.#registry.concernsOthers(actor, this.#snapshotOf)) this.#tellOfChange(actor, seq, arrival);
  }

  #tellOfChange(actor: UnitActor, cause: number | null, from: Arrival): void {
    const isCounted = this.#isStopping();
    const make: Deferred['make'] = (snapshotOf) =>
      this.#registry.changeOf(actor, snapshotOf, isCounted ? this.#countUp() : null, this.#needing);
    this.#pass(SUPERVISOR, { type: 'unit.changed', make }, cause, from);
  }

  #isStopping(): boolean {
    return this.#snapshotOf(this.#registry.supervisor).value === 'stopping';
  }

  readonly #needing = (id: UnitId): UnitActor | undefined => {
    const found = this.#unneeded.has(id) ? undefined : this.#registry.needing(id, this.#snapshotOf);
    if (!found) this.#unneeded.add(id);
    return found;
  };

  #countUp(): number {
    this.#up ??= this.#registry.countUp(this.#snapshotOf);
    return this.#up;
  }

  #pass(unitId: UnitId, body: Arrival['body'], cause: number | null, { moment, depth }: Arrival): void {
    const told = 'make' in body || !concernsQueue(body) ? undefined : this.#registry.get(unitId);
    if (told) this.#registry.queues.tell(told, body.type === 'slot.granted');
    this.#queue.push({ unitId, body, cause, requestId: null, moment, depth: depth + 1 });
  }
}

const concernsQueue = ({ type }: Arrival['body']): boolean => type === 'slot.granted' || type === 'dependencies.lost';

const timerOf = ({ type }: { readonly type: string }): TimerName => type.slice('timer.'.length) as TimerName;

const isAtRest = ({ value }: Snapshot): boolean => stateOf(value).substate === 'settled';

const sameValue = (a: Snapshot, b: Snapshot): boolean =>
  a.value === b.value || JSON.stringify(a.value) === JSON.stringify(b.value);
