import type { UnitContext } from '../machines/context.ts';
import { problemOf } from '../machines/errors.ts';
import { SUPERVISOR } from '../machines/supervisor.ts';
import type { Problem, UnitId } from '../machines/vocabulary.ts';
import type { Tick } from '../store/rows.ts';
import { type Arrival, isEnding } from './arrivals.ts';
import type { Log } from './ports.ts';
import { asksTheImpossible, quarantined, unknownUnit, unreadableSpec } from './refusals.ts';
import type { Registry } from './registry.ts';
import type { UnitActor } from './unit-actor.ts';

export interface TrustOptions {
  readonly registry: Registry;
  readonly log: Log;
  readonly accept: (unitId: UnitId, body: Arrival['body'], cause?: number | null) => void;
  readonly refuse: (arrival: Pick<Arrival, 'requestId'>, problem: Problem) => void;
  /**
   * Called for a request that a quarantined unit may still be made: to end. Lets it begin again, from its run alone,
   * and has the request taken then. `false`: it cannot.
   */
  readonly release: (actor: UnitActor, again: () => void) => boolean;
}

/** Which units are still trusted with events. A fault in one unit stops no other (I11). */
export class Trust {
  readonly #options: TrustOptions;

  constructor(options: TrustOptions) {
    this.#options = options;
  }

  /** The supervisor is never quarantined: without it nothing could be stopped any more. */
  withdraw(actor: UnitActor | undefined, error: unknown, arrival: Arrival): void {
    const problem = problemOf(error);
    if (actor && actor.id !== SUPERVISOR) this.#quarantine(actor, problem.message);
    this.#options.log.error({ unit: arrival.unitId }, `an event was left out: ${problem.message}`);
    if (!actor) this.#options.refuse(arrival, unknownUnit(arrival.unitId));
    else this.#options.refuse(arrival, actor.quarantined === null ? problem : quarantined(actor));
  }

  /** A tick was acted on and can never be written: what follows in the journals of its units means nothing. */
  withdrawAll({ entries }: Tick, refusal: unknown): void {
    const { registry, log } = this.#options;
    const { message } = problemOf(refusal);
    for (const { unitId, seq } of entries) {
      const actor = registry.get(unitId);
      if (actor && actor.id !== SUPERVISOR && actor.quarantined === null) this.#quarantine(actor, message);
      log.error({ unit: unitId, seq }, `an entry can never be written: ${message}`);
    }
  }

  /** Whoever is quarantined is not trusted to go on, but must still be able to end. */
  turnAway(arrival: Arrival): void {
    const { registry, release, accept, refuse } = this.#options;
    const { unitId, body, cause } = arrival;
    const actor = registry.get(unitId);
    const again = (): void => accept(unitId, body, cause);
    if (actor && asksTheImpossible(actor, arrival)) refuse(arrival, unreadableSpec(actor));
    // Another request has led it out of the quarantine, in the same tick.
    else if (actor?.quarantined === null && isEnding(arrival)) again();
    else if (actor && isEnding(arrival) && release(actor, again)) return;
    else refuse(arrival, actor ? quarantined(actor) : unknownUnit(unitId));
  }

  /** Who waited for it is told; and what was being stopped with everything else is still to be stopped. */
  #quarantine(actor: UnitActor, message: string): void {
    actor.quarantined = message;
    const { wishes } = actor.snapshot.context as UnitContext;
    for (const { requestId } of wishes) this.#options.refuse({ requestId }, quarantined(actor));
    if (this.#options.registry.supervisor.snapshot.value !== 'stopping') return;
    this.#options.accept(actor.id, { type: 'stop.requested', requestId: null, by: 'down' });
  }
}
