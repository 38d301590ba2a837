import type { UnitContext } from '../machines/context.ts';
import { problemOf } from '../machines/errors.ts';
import { SUPERVISOR } from '../machines/supervisor.ts';
import type { Problem, UnitId } from '../machines/vocabulary.ts';
import type { Entry, Snapshot, Store, Tick, TimerRow } from '../store/rows.ts';
import type { Birth } from './actor-factory.ts';
import { emptyTick, isEmpty, isEnding, isRequest, mayPass, partition, snapshotOf } from './arrivals.ts';
import type { Clock, Log } from './ports.ts';
import { CLOSED, quarantined, TOO_MANY, unknownUnit } from './refusals.ts';
import type { Registry } from './registry.ts';
import type { Replies } from './replies.ts';
import { type Arrival, type ComputedStep, type ComputedTick, computeTick } from './tick.ts';
import { createWheel, type Wheel } from './timers.ts';
import { publish, type UnitActor } from './unit-actor.ts';

/** How long a store that refused a commit is left alone. */
export const STORE_RETRY_MS = 1_000;
/** Events that may wait for a store to come back. More are not taken. */
export const WAITING_MAX = 10_000;

export interface RecorderOptions {
  readonly registry: Registry;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly replies: Replies;
  /** Does a committed entry's commands in the world. Must not throw. */
  readonly perform: (step: ComputedStep) => void;
  /** Called for every committed entry, in order, after it was published. */
  readonly onEntry: (entry: Entry) => void;
  /**
   * Called for a request that a quarantined unit may still be made: to end. Lets it begin again, from its run alone,
   * and has the request taken then. `false`: it cannot.
   */
  readonly release: (actor: UnitActor, again: () => void) => boolean;
  /** Called for a unit that is gone from store and registry. */
  readonly onForgotten: (actor: UnitActor) => void;
}

/**
 * Compute, commit, publish, perform: the only way an event gets into a machine.
 *
 * 1. Nobody ever sees a state that is not committed.
 * 2. After a failed commit every actor is where it was, and no command ran.
 * 3. Commands run after their entry is committed and published, in the order of the journal.
 * 4. A fault in one unit stops no other: its arrival is dropped and the unit is not trusted any more.
 */
export class Recorder {
  readonly wheel: Wheel;
  /** Why nothing can be written at the moment; `null`: all is well. */
  degraded: { readonly sinceMs: number; readonly problem: Problem } | null = null;
  readonly #options: RecorderOptions;
  #arrivals: Arrival[] = [];
  #nextSeq: number;
  #isScheduled = false;
  #isFlushing = false;
  #isClosed = false;
  #cancelRetry: () => void = () => {};

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#nextSeq = options.store.lastSeq() + 1;
    this.wheel = createWheel(options.clock, (row) => this.#onTimer(row));
  }

  /** Takes an event. It is computed and committed with the others of this tick, soon. */
  accept(unitId: UnitId, body: Arrival['body'], cause: number | null = null, asked: string | null = null): void {
    const requestId = asked ?? (typeof body !== 'function' && 'requestId' in body ? body.requestId : null);
    const { clock } = this.#options;
    if (this.#isClosed) {
      this.#refuse({ requestId }, CLOSED);
    } else if (this.degraded && this.#arrivals.length >= WAITING_MAX) {
      this.#options.log.error({ unit: unitId }, `${WAITING_MAX} events wait for the store; this one is lost`);
      this.#refuse({ requestId }, TOO_MANY);
    } else {
      const moment = { atMs: clock.wallMs(), monoMs: clock.monoMs() };
      this.#arrivals.push({ unitId, body, cause, requestId, depth: 0, moment });
      this.#schedule();
    }
  }

  /** Adds units, all in one transaction and at once. Throws if it fails; then nothing was added. */
  bear(births: readonly Birth[]): void {
    const { store, registry, clock, onEntry } = this.#options;
    const moment = { atMs: clock.wallMs(), monoMs: clock.monoMs() };
    const first = this.#nextSeq;
    const entries = births.map(({ entry }, index): Entry => ({ ...entry, ...moment, seq: first + index }));
    const snapshots = births.map(({ context }, index): Snapshot => snapshotOf(entries[index]!, context));
    const unitsAdded = births.flatMap(({ row }) => row ?? []);
    const unitsRemoved = births.filter(({ row, replaces }) => row && replaces).map(({ actor }) => actor.id);
    const timersCleared = births.flatMap(({ actor }) => this.wheel.of(actor.id));
    store.commit({ ...emptyTick(), unitsRemoved, unitsAdded, entries, snapshots, timersCleared });
    this.#nextSeq += births.length;
    births.forEach(({ actor }, index) => {
      actor.aseq = entries[index]!.aseq;
      if (actor.id === SUPERVISOR) return;
      this.wheel.disarmAll(actor.id);
      registry.get(actor.id)?.ref.stop();
      registry.add(actor);
    });
    entries.forEach(onEntry);
  }

  /** Commits, publishes and performs everything that has arrived. Called by itself, soon after an arrival. */
  flush(): void {
    // A command that is performed at once may report at once: that is the next tick, not a part of this one.
    if (this.#isFlushing || this.#isClosed) return;
    this.#isFlushing = true;
    this.#isScheduled = false;
    try {
      const batch = this.#arrivals;
      if (batch.length === 0) return;
      this.#arrivals = [];
      this.#record(batch);
    } finally {
      this.#isFlushing = false;
    }
    if (this.#arrivals.length > 0 && !this.degraded) this.#schedule();
  }

  close(): void {
    this.flush();
    this.#isClosed = true;
    this.#cancelRetry();
    this.wheel.close();
    for (const arrival of this.#arrivals) this.#refuse(arrival, CLOSED);
    this.#arrivals = [];
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isFlushing || this.degraded) return;
    this.#isScheduled = true;
    this.#options.clock.defer(() => this.flush());
  }

  #record(batch: readonly Arrival[]): void {
    const { registry, clock } = this.#options;
    const computed = computeTick(batch, this.#nextSeq, { registry, wheel: this.wheel, bootId: clock.bootId });
    const refusal = this.#commit(computed.tick);
    if (refusal === null) this.#settle(computed);
    else if (mayPass(refusal)) this.#wait(batch, problemOf(refusal));
    // What can never be written would be in the way of everything after it: find it, and leave it out.
    else if (batch.length > 1) for (const arrival of batch) this.#record([arrival]);
    else for (const arrival of batch) this.#distrust(registry.get(arrival.unitId), refusal, arrival);
  }

  #commit(tick: Tick): unknown {
    try {
      if (!isEmpty(tick)) this.#options.store.commit(tick);
    } catch (refusal) {
      return refusal;
    }
    const { log, clock } = this.#options;
    if (this.degraded) log.warn({ waitedMs: clock.wallMs() - this.degraded.sinceMs }, 'the store can be written again');
    this.degraded = null;
    return null;
  }

  /** Requests are refused: whoever asked can decide. Facts wait: what happened, happened. */
  #wait(batch: readonly Arrival[], problem: Problem): void {
    const { log, clock } = this.#options;
    if (!this.degraded) log.error({ code: problem.code }, `${problem.message} ${problem.hint}`);
    this.degraded ??= { sinceMs: clock.wallMs(), problem };
    const [requests, rest] = partition(batch, isRequest);
    for (const arrival of requests) this.#refuse(arrival, problem);
    this.#arrivals = [...rest, ...this.#arrivals];
    this.#cancelRetry();
    this.#cancelRetry = clock.setTimer(STORE_RETRY_MS, () => this.#retry());
  }

  /** The supervisor is never quarantined: without it nothing could be stopped any more. */
  #distrust(actor: UnitActor | undefined, error: unknown, arrival: Arrival): void {
    const { message } = problemOf(error);
    if (actor && actor.id !== SUPERVISOR) this.#quarantine(actor, message);
    this.#options.log.error({ unit: arrival.unitId }, `an event was left out: ${message}`);
    this.#refuse(arrival, actor ? quarantined(actor) : unknownUnit(arrival.unitId));
  }

  /** Who waited for it is told; and what was being stopped with everything else is still to be stopped. */
  #quarantine(actor: UnitActor, message: string): void {
    actor.quarantined = message;
    const { wishes } = actor.snapshot.context as UnitContext;
    for (const { requestId } of wishes) this.#refuse({ requestId }, quarantined(actor));
    if (this.#options.registry.supervisor.snapshot.value !== 'stopping') return;
    this.accept(actor.id, { type: 'stop.requested', requestId: null, by: 'down' });
  }

  #settle({ tick, steps, faults, undeliverable }: ComputedTick): void {
    const { registry, onEntry, onForgotten, perform } = this.#options;
    this.#nextSeq += tick.entries.length;
    for (const { actor, error, arrival } of faults) this.#distrust(actor, error, arrival);
    for (const { unitId, timer } of tick.timersCleared) this.wheel.disarm(unitId, timer);
    for (const row of tick.timersSet) this.wheel.arm(row);
    for (const step of steps) this.#publish(step);
    for (const { unitId, seq, index } of tick.outboxAdded) {
      const actor = registry.get(unitId);
      if (actor) actor.launching = { seq, index };
    }
    for (const { entry } of steps) onEntry(entry);
    for (const step of steps) perform(step);
    for (const id of tick.unitsRemoved) {
      const actor = registry.get(id);
      registry.remove(id);
      this.wheel.disarmAll(id);
      if (actor) onForgotten(actor);
    }
    for (const arrival of undeliverable) this.#turnAway(arrival);
  }

  /** Whoever is quarantined is not trusted to go on, but must still be able to end (I11). */
  #turnAway(arrival: Arrival): void {
    const { registry, release } = this.#options;
    const { unitId, body, cause } = arrival;
    const actor = registry.get(unitId);
    const again = (): void => this.accept(unitId, body, cause);
    // Another request has led it out of the quarantine, in the same tick.
    if (actor?.quarantined === null && registry.get(unitId) === actor && isEnding(arrival)) again();
    else if (actor && isEnding(arrival) && release(actor, again)) return;
    else this.#refuse(arrival, actor ? quarantined(actor) : unknownUnit(unitId));
  }

  /** Nothing waits any more: whether it can be written again is found out with the next event. */
  #retry(): void {
    if (this.#arrivals.length === 0) this.degraded = null;
    this.flush();
  }

  #publish({ actor, event, entry, next, unsnapped }: ComputedStep): void {
    actor.snapshot = next;
    actor.aseq = entry.aseq;
    actor.unsnapped = unsnapped;
    if (actor.launching && !isSpawning(next.value)) actor.launching = null;
    try {
      publish(actor.ref, event, next);
    } catch (error) {
      this.#options.log.error({ unit: actor.id }, `an observer failed: ${problemOf(error).message}`);
    }
  }

  #onTimer(row: TimerRow): void {
    this.accept(row.unitId, { type: `timer.${row.timer}` }, row.seq);
  }

  #refuse({ requestId }: Pick<Arrival, 'requestId'>, problem: Problem): void {
    if (requestId !== null) this.#options.replies.settle(requestId, problem);
  }
}

const isSpawning = (value: unknown): boolean => typeof value === 'object' && value !== null && 'spawning' in value;
