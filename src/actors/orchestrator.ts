import { problemOf } from '../machines/errors.ts';
import { isUnitEvent, type Request, WISH } from '../machines/events.ts';
import type { UnitSpec } from '../machines/spec.ts';
import type { UnitView } from '../machines/supervision.ts';
import { SUPERVISOR } from '../machines/supervisor.ts';
import { stateOf } from '../machines/view.ts';
import type { UnitId } from '../machines/vocabulary.ts';
import { loadStates } from '../store/projections/states.ts';
import type { RunRow, Store } from '../store/rows.ts';
import { ActorFactory, type Birth } from './actor-factory.ts';
import type { Deferred } from './arrivals.ts';
import { type Audience, createAudience } from './audience.ts';
import { closePorts } from './closing.ts';
import { discardRuns } from './discard.ts';
import { Healer } from './heal.ts';
import { createInterpreter, type Drivers, type Interpreter } from './interpreter.ts';
import type { Clock, Log, Probes, Report } from './ports.ts';
import type { Queues } from './queues.ts';
import { Recorder } from './recorder.ts';
import { rearmed, reconcile, tellOfReboot, tidy } from './recovery.ts';
import { type Redact, redactFact } from './redact.ts';
import { CLOSED } from './refusals.ts';
import { type Groups, Registry } from './registry.ts';
import { remember, remembered } from './remembered.ts';
import { createReplies, type Replies } from './replies.ts';
import { keepTrimmed } from './trimming.ts';
import type { UnitActor } from './unit-actor.ts';

export interface OrchestratorOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly drivers: Drivers;
  readonly probes: Probes;
  /** Tells this orchestrator from every other that ever worked on the same store. */
  readonly instance: string;
  /** Takes the secrets out of a text. What drivers and probes say goes through it before anything else. */
  readonly redact?: Redact;
}

/**
 * Machines running: the registry, the recorder, the interpreter and the supervisor as one whole.
 *
 * Opening it is recovery: every unit is where the journal left it, what happened meanwhile is told to it as facts, and
 * only then does anything new begin.
 */
export class Orchestrator {
  readonly registry: Registry;
  readonly recorder: Recorder;
  readonly healer: Healer;
  readonly observe: Audience['observe'];
  readonly observeJournal: Audience['observeJournal'];
  readonly #options: OrchestratorOptions;
  readonly #factory: ActorFactory;
  readonly #interpreter: Interpreter;
  readonly #replies: Replies;
  readonly #supervisor: Birth;
  #cancelTrim: () => void = () => {};

  /** Use {@link openOrchestrator}. */
  constructor(options: OrchestratorOptions) {
    const { store, clock, log } = options;
    const { observe, observeJournal, tell, wakeReaders } = createAudience(log);
    this.#options = options;
    this.observe = observe;
    this.observeJournal = observeJournal;
    this.#replies = createReplies(options.instance);
    this.#factory = new ActorFactory(options, (unitId, event) => this.#acceptFromOutside(unitId, event));
    this.#supervisor = this.#factory.supervisor();
    this.registry = new Registry(this.#supervisor.actor);
    this.#interpreter = createInterpreter({ ...options, replies: this.#replies, report: this.#report });
    this.recorder = new Recorder({
      registry: this.registry,
      store,
      clock,
      log,
      replies: this.#replies,
      perform: this.#interpreter.perform,
      onEntry: tell,
      onWritten: wakeReaders,
      release: (actor, again) => this.#release(actor, again),
      onForgotten: (actor) => discardRuns(actor, options),
      onMissed: (unitIds) => unitIds.forEach((id) => void this.#reconcile(this.registry.get(id))),
    });
    const hands = { report: this.#report, reconsider: (actor: UnitActor) => this.#reconsider(actor), tidy: this.#tidy };
    const release = (actor: UnitActor): boolean => this.#release(actor, () => {});
    this.healer = new Healer({ ...options, ...hands, release, registry: this.registry, recorder: this.recorder });
  }

  /** Puts every unit where it was, tells it what happened meanwhile, and goes on. */
  async recover(): Promise<void> {
    const { store, clock, drivers, probes, log } = this.#options;
    this.registry.arrange(remembered(store));
    for (const state of loadStates(store)) this.registry.add(this.#factory.restore(state));
    this.recorder.bear([this.#supervisor]);
    for (const { unitId, seq, index } of store.outbox()) {
      const actor = this.registry.get(unitId);
      if (actor) actor.launching = { seq, index };
    }
    for (const row of store.timers()) if (this.registry.get(row.unitId)) this.recorder.wheel.arm(rearmed(row, clock));
    await Promise.all([...Object.values(drivers), probes].map((port) => port.connect(this.#report)));
    const units = [...this.registry.units()];
    const found = await Promise.all(units.map((actor) => reconcile(actor, this.#options)));
    // Told together: what one of them leads to must not begin before it is known what became of the others.
    const rememberBoot = tellOfReboot(units, this.#options, (id) =>
      this.recorder.accept(id, { type: 'clock.restarted' }),
    );
    found.flat().forEach(this.#report);
    this.#tidy();
    // What waited may wait in vain, or not at all any more.
    for (const actor of units) if (stateOf(actor.snapshot.value).substate === 'waiting') this.#reconsider(actor);
    this.registry.nextInLine().forEach(this.#reconsider);
    this.recorder.flush();
    if (!this.recorder.degraded) rememberBoot();
    this.healer.start();
    this.recorder.wheel.start();
    // What is forgotten takes no room any more, either.
    this.#cancelTrim = keepTrimmed({ store, clock, log, onForgottenRuns: this.#tidy });
  }

  /** Adds units, all or none. A unit of the same name is replaced, which only one at rest can be. */
  add(specs: readonly UnitSpec[], groups?: Groups, queues?: Queues): void {
    this.recorder.bear(specs.map((spec) => this.#factory.unit(spec, this.registry.get(spec.id))));
    remember({ groups, queues }, this.#options.store);
    this.registry.arrange({ groups, queues });
    // There may be more room than before.
    this.registry.nextInLine().forEach(this.#reconsider);
  }

  /**
   * Resolves when the request is satisfied; rejects with `Refused` when it is refused, or superseded by a later one.
   */
  request(unitId: UnitId, type: Request['type'], by: string, signal?: AbortSignal): Promise<void> {
    const { requestId, answer } = this.#replies.open(signal);
    this.recorder.accept(unitId, { type, requestId, by });
    return answer;
  }

  /** Starts these units, or all, in the order that `after` gives. Resolves when all were asked. */
  up(ids?: readonly UnitId[], signal?: AbortSignal): Promise<void> {
    const wanted = ids && new Set(ids);
    return this.#requestAll('up.requested', ({ id }) => wanted?.has(id) ?? true, signal);
  }

  /** Stops everything, against the order of starts. Resolves when all are at rest. */
  down(signal?: AbortSignal): Promise<void> {
    return this.#requestAll('down.requested', () => true, signal);
  }

  /** A unit's runs, newest first, with what the store does not know yet. */
  runs(unitId: UnitId): readonly RunRow[] {
    return this.recorder.runs(unitId);
  }

  /** Lets go of everything. Ends no run. */
  async close(): Promise<void> {
    const { drivers, probes, store } = this.#options;
    this.#cancelTrim();
    this.healer.close();
    this.recorder.close();
    await this.#interpreter.settled();
    await closePorts({ ...drivers, probes }, this.#options);
    this.#replies.close(CLOSED);
    for (const { ref } of [...this.registry.units(), this.registry.supervisor]) ref.stop();
    store.close();
  }

  #requestAll(
    type: 'up.requested' | 'down.requested',
    concerns: (view: UnitView) => boolean,
    signal?: AbortSignal,
  ): Promise<void> {
    const { requestId, answer } = this.#replies.open(signal);
    this.recorder.accept(
      SUPERVISOR,
      {
        type,
        make: (snapshotOf) => ({
          type,
          requestId,
          up: this.registry.countUp(snapshotOf),
          views: this.registry.views(snapshotOf).filter(concerns),
        }),
      },
      null,
      requestId,
    );
    return answer;
  }

  readonly #reconsider = (actor: UnitActor): void => {
    const make: Deferred['make'] = (snapshotOf) =>
      this.registry.changeOf(actor, snapshotOf, this.registry.countUp(snapshotOf));
    this.recorder.accept(SUPERVISOR, { type: 'unit.changed', make });
  };

  readonly #tidy = (): void => tidy([...this.registry.units()], this.#options);

  readonly #report = ({ unitId, cause, fact }: Report): void => {
    if (isUnitEvent(fact.type)) this.recorder.accept(unitId, redactFact(fact, this.#options.redact), cause);
    else this.#options.log.warn({ unit: unitId }, `its driver says "${fact.type}", which nobody understands`);
  };

  #acceptFromOutside(unitId: UnitId, event: { readonly type: string }): void {
    if (!Object.hasOwn(WISH, event.type)) {
      this.#options.log.warn({ unit: unitId }, `"${event.type}" was sent to the actor, which takes requests only`);
      return;
    }
    const by = 'by' in event && typeof event.by === 'string' ? event.by : 'actor.send';
    this.recorder.accept(unitId, { type: event.type as Request['type'], requestId: null, by });
  }

  #release(actor: UnitActor, again: () => void): boolean {
    const { log } = this.#options;
    if (actor.released) {
      // Whoever waits for it waits no more.
      this.#reconsider(actor);
      return false;
    }
    try {
      const birth = this.#factory.released(actor);
      this.recorder.bear([birth]);
      // It may be at rest all at once, and others wait for that.
      this.#reconsider(birth.actor);
      void this.#reconcile(birth.actor).then(again);
      return true;
    } catch (error) {
      log.error({ unit: actor.id }, `it cannot begin again: ${problemOf(error).message}`);
      return false;
    }
  }

  async #reconcile(actor: UnitActor | undefined): Promise<void> {
    try {
      if (actor) (await reconcile(actor, this.#options)).forEach(this.#report);
    } catch (error) {
      this.#options.log.error({ unit: actor?.id ?? '' }, `it cannot be looked at: ${problemOf(error).message}`);
    }
  }
}

export async function openOrchestrator(options: OrchestratorOptions): Promise<Orchestrator> {
  const orchestrator = new Orchestrator(options);
  await orchestrator.recover().catch(async (error: unknown) => {
    await orchestrator.close();
    throw error;
  });
  return orchestrator;
}
