import type { Command } from '../machines/commands.ts';
import { Refused } from '../machines/errors.ts';
import { SUPERVISOR } from '../machines/supervisor.ts';
import type { Problem, UnitId } from '../machines/vocabulary.ts';
import type { Entry, RunRow, Store, Tick, TimerRow } from '../store/rows.ts';
import type { Birth } from './actor-factory.ts';
import { type Arrival, leadsToRest, mayPass, needsLaunch, partition } from './arrivals.ts';
import { tickOfBirths } from './births.ts';
import type { ComputedStep, ComputedTick } from './computed.ts';
import type { Clock, Log } from './ports.ts';
import { isLaunch, Postponed } from './postponed.ts';
import { CLOSED, TOO_MANY } from './refusals.ts';
import type { Registry } from './registry.ts';
import type { Replies } from './replies.ts';
import { computeTick } from './tick.ts';
import { createWheel, type Wheel } from './timers.ts';
import { Trust, type TrustOptions } from './trust.ts';
import { publish, type UnitActor } from './unit-actor.ts';
import { type Degraded, STORE_RETRY_MS, Writer } from './writer.ts';

export interface RecorderOptions {
  readonly registry: Registry;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly replies: Replies;
  /** Does those of an entry's commands that are due in the world. Must not throw. */
  readonly perform: (step: ComputedStep, isDue: (command: Command) => boolean) => void;
  /** Called once for every entry, in order, after it was published. */
  readonly onEntry: (entry: Entry) => void;
  /** Called when entries have come into the database: most of the time right after they were published. */
  readonly onWritten: () => void;
  readonly release: TrustOptions['release'];
  /** Called for a unit that is gone from registry and store. Must not throw. */
  readonly onForgotten: (actor: UnitActor) => void;
  /** Called when the store is back, with the units that something was not taken of. */
  readonly onMissed: (unitIds: readonly UnitId[]) => void;
}

/**
 * Compute, commit, publish, perform: the only way an event gets into a machine.
 *
 * 1. Nobody ever sees a state that is not committed, but while the store is degraded.
 * 2. While it is, ticks are acted on from memory and kept; they are written before anything else when it returns (I13).
 * 3. Commands run after their entry is published, in the order of the journal. A launch always waits for the commit.
 * 4. A fault in one unit stops no other: its arrival is dropped and the unit is not trusted any more.
 */
export class Recorder {
  readonly wheel: Wheel;
  readonly #options: RecorderOptions;
  readonly #writer: Writer;
  readonly #postponed: Postponed;
  readonly #trust: Trust;
  #arrivals: Arrival[] = [];
  #nextSeq: number;
  #isScheduled = false;
  #isFlushing = false;
  #isClosed = false;

  constructor(options: RecorderOptions) {
    const { store, clock, log } = options;
    this.#options = options;
    this.#nextSeq = store.lastSeq() + 1;
    this.wheel = createWheel(clock, (row) => this.#onTimer(row));
    const accept: Recorder['accept'] = (unitId, body, cause) => this.accept(unitId, body, cause);
    this.#postponed = new Postponed({ ...options, wheel: this.wheel, accept });
    this.#trust = new Trust({ ...options, accept, refuse: (arrival, problem) => this.#refuse(arrival, problem) });
    const onReturn = (): void => this.#postponed.release();
    const onLost = (tick: Tick, refusal: unknown): void => this.#trust.withdrawAll(tick, refusal);
    this.#writer = new Writer({ store, clock, log, onReturn, onLost });
  }

  /** Why nothing can be written at the moment; `null`: all is well. */
  get degraded(): Degraded | null {
    return this.#writer.degraded;
  }

  /** Of the newest entry, written or not. */
  get lastSeq(): number {
    return this.#nextSeq - 1;
  }

  /** A unit's runs, newest first, with what is not written yet. */
  runs(unitId: UnitId): readonly RunRow[] {
    return this.#writer.runs(unitId);
  }

  /** Takes an event. It is computed and committed with the others of this tick, soon. */
  accept(unitId: UnitId, body: Arrival['body'], cause: number | null = null, asked: string | null = null): void {
    const requestId = asked ?? ('requestId' in body ? body.requestId : null);
    const { clock } = this.#options;
    if (this.#isClosed) {
      this.#refuse({ requestId }, CLOSED);
    } else if (this.#writer.isFullFor(body, this.#arrivals.length)) {
      this.#leaveOut(unitId, body);
      this.#refuse({ requestId }, TOO_MANY);
    } else {
      const moment = { atMs: clock.wallMs(), monoMs: clock.monoMs() };
      this.#arrivals.push({ unitId, body, cause, requestId, depth: 0, moment });
      this.#schedule();
    }
  }

  /** Adds units, all in one transaction and at once. Throws if it fails; then nothing was added. */
  bear(births: readonly Birth[]): void {
    const { registry, clock, onEntry } = this.#options;
    const isNew = births.some(({ row, replaces }) => row !== null || !replaces);
    if (this.degraded && isNew && !this.#writer.isBack()) throw new Refused(this.degraded);
    const tick = tickOfBirths(births, this.#nextSeq, clock, this.wheel);
    const refusal = this.degraded ? null : this.#writer.write(tick);
    if (refusal !== null && (isNew || !mayPass(refusal))) throw refusal;
    if (refusal !== null) this.#writer.degrade(refusal);
    this.#nextSeq += births.length;
    births.forEach(({ actor }, index) => {
      actor.aseq = tick.entries[index]!.aseq;
      if (actor.id === SUPERVISOR) return;
      const earlier = registry.get(actor.id);
      actor.launching = earlier?.launching ?? null;
      this.wheel.disarmAll(actor.id);
      earlier?.ref.stop();
      registry.add(actor);
    });
    for (const row of tick.timersSet) this.wheel.arm(row);
    tick.entries.forEach(onEntry);
    this.#whenWritten(tick, () => {});
  }

  /** Commits, publishes and performs everything that has arrived. Called by itself, soon after an arrival. */
  flush(): void {
    // A command that is performed at once may report at once: that is the next tick, not a part of this one.
    if (this.#isFlushing || this.#isClosed) return;
    this.#isFlushing = true;
    this.#isScheduled = false;
    try {
      const batch = this.#arrivals;
      this.#arrivals = [];
      if (batch.length > 0) this.#record(batch);
    } finally {
      this.#isFlushing = false;
    }
    if (this.#arrivals.length > 0) this.#schedule();
  }

  close(): void {
    this.flush();
    this.#isClosed = true;
    this.#writer.close();
    this.wheel.close();
    for (const arrival of this.#arrivals) this.#refuse(arrival, CLOSED);
    this.#arrivals = [];
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isFlushing) return;
    this.#isScheduled = true;
    this.#options.clock.defer(() => this.flush());
  }

  #record(batch: readonly Arrival[]): void {
    const { registry, clock } = this.#options;
    const taken = this.degraded ? this.#withoutBeginnings(batch) : batch;
    const isDegraded = this.degraded !== null;
    const context = { registry, wheel: this.wheel, bootId: clock.bootId, isDegraded };
    const computed = computeTick(taken, this.#nextSeq, context);
    const refusal = isDegraded ? null : this.#writer.write(computed.tick);
    // Nothing of it has happened.
    if (refusal !== null) registry.queues.followAgain(registry.units());
    if (refusal === null) {
      this.#settle(computed);
    } else if (mayPass(refusal)) {
      this.#writer.degrade(refusal);
      this.#record(batch);
    } else if (batch.length > 1) {
      // What can never be written would be in the way of everything after it: find it, and leave it out.
      for (const arrival of batch) this.#record([arrival]);
    } else {
      for (const arrival of batch) this.#trust.withdraw(registry.get(arrival.unitId), refusal, arrival);
    }
  }

  /** What only a launch can satisfy is refused at once: whoever asked can decide what to do about it. */
  #withoutBeginnings(batch: readonly Arrival[]): readonly Arrival[] {
    const [beginnings, rest] = partition(batch, (one) => needsLaunch(one, this.#options.registry.get(one.unitId)));
    if (beginnings.length === 0 || this.#writer.isBack() || !this.degraded) return batch;
    for (const arrival of beginnings) {
      const { unitId, body } = arrival;
      this.#options.log.warn({ unit: unitId }, `${body.type} was refused: ${this.degraded.problem.message}`);
      this.#refuse(arrival, this.degraded.problem);
    }
    return rest;
  }

  #settle({ tick, steps, faults, undeliverable, postponed }: ComputedTick): void {
    const { registry, onEntry, perform, onForgotten, log } = this.#options;
    const isDegraded = this.degraded !== null;
    this.#nextSeq += tick.entries.length;
    for (const { unitId, timer } of tick.timersCleared) this.wheel.disarm(unitId, timer);
    for (const row of tick.timersSet) this.wheel.arm(row);
    for (const step of steps) publish(step, log);
    for (const { actor, error, arrival } of faults) this.#trust.withdraw(actor, error, arrival);
    for (const { unitId, seq, index } of tick.outboxAdded) {
      const actor = registry.get(unitId);
      if (actor) actor.launching = { seq, index };
    }
    for (const { entry } of steps) onEntry(entry);
    for (const step of steps) perform(step, isDegraded ? isNoLaunch : isAny);
    if (isDegraded) for (const step of steps) this.#postponed.follow(step);
    this.#postponed.postpone(postponed);
    const gone = tick.unitsRemoved.flatMap((id) => registry.get(id) ?? []);
    for (const { id, ref } of gone) {
      registry.remove(id);
      this.wheel.disarmAll(id);
      ref.stop();
    }
    this.#whenWritten(tick, () => gone.forEach(onForgotten));
    for (const arrival of undeliverable) this.#trust.turnAway(arrival);
  }

  /** At once or, while nothing can be written, when it was. */
  #whenWritten(tick: Tick, act: () => void): void {
    const onWritten = (): void => {
      this.#options.onWritten();
      act();
    };
    if (this.degraded) this.#writer.keep({ tick, onWritten });
    else onWritten();
  }

  /** Nobody can tell any more when what they wait for happens. */
  #leaveOut(unitId: UnitId, body: Arrival['body']): void {
    const { log, replies } = this.#options;
    if (this.#postponed.miss(unitId)) log.error({ unit: unitId }, TOO_MANY.message);
    if (leadsToRest(body)) replies.close(TOO_MANY);
  }

  /** A deadline that cannot be kept now is kept later. */
  #onTimer(row: TimerRow): void {
    const body = { type: `timer.${row.timer}` } as const;
    if (this.#writer.isFullFor(body, this.#arrivals.length))
      this.wheel.arm({ ...row, dueMonoMs: this.#options.clock.monoMs() + STORE_RETRY_MS });
    else this.accept(row.unitId, body, row.seq);
  }

  #refuse({ requestId }: Pick<Arrival, 'requestId'>, problem: Problem): void {
    if (requestId !== null) this.#options.replies.settle(requestId, problem);
  }
}

const isAny = (): boolean => true;
const isNoLaunch = (command: Command): boolean => !isLaunch(command);
