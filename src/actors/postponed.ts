import type { Command } from '../machines/commands.ts';
import type { UnitContext } from '../machines/context.ts';
import type { EventBody } from '../machines/events.ts';
import { stateOf } from '../machines/view.ts';
import type { UnitId } from '../machines/vocabulary.ts';
import type { Arrival } from './arrivals.ts';
import type { ComputedStep } from './computed.ts';
import type { Clock } from './ports.ts';
import type { Registry } from './registry.ts';
import type { Wheel } from './timers.ts';

export interface PostponedOptions {
  readonly registry: Registry;
  readonly wheel: Wheel;
  readonly clock: Clock;
  readonly accept: (unitId: UnitId, body: EventBody, cause: number | null) => void;
  readonly perform: (step: ComputedStep, isDue: (command: Command) => boolean) => void;
  /** Something of these was not taken: what is true of them has to be found out. */
  readonly onMissed: (unitIds: readonly UnitId[]) => void;
}

export const isLaunch = ({ type }: Command): boolean => type === 'launch';

/** Whether the launch of a unit waits for the store: it has no deadline meanwhile. */
export const isHeldBack = (unitId: UnitId, wheel: Wheel): boolean => wheel.armed(unitId, 'launch')?.dueMonoMs === NEVER;

const NEVER = Number.POSITIVE_INFINITY;

/**
 * What waits for the store to be writable again, because it would begin something new (I1), and what was left out
 * meanwhile. At most one of each a unit.
 */
export class Postponed {
  readonly #options: PostponedOptions;
  readonly #launches = new Map<UnitId, ComputedStep>();
  readonly #advice = new Map<UnitId, Arrival>();
  readonly #missed = new Set<UnitId>();

  constructor(options: PostponedOptions) {
    this.#options = options;
  }

  /** To be told of every step that was acted on without being written, in order. */
  follow(step: ComputedStep): void {
    const { accept, wheel } = this.#options;
    const { actor, entry, next } = step;
    const held = this.#launches.get(actor.id);
    if (entry.commands.some(isLaunch)) {
      this.#launches.set(actor.id, step);
      // It is not late: it was not even tried.
      const row = wheel.armed(actor.id, 'launch');
      if (row) wheel.arm({ ...row, dueMonoMs: NEVER });
    } else if (held && next.context.desired !== 'up') {
      // Nobody ever tried it, and now nobody will.
      this.#launches.delete(actor.id);
      accept(actor.id, { type: 'run.revoked', generation: held.next.context.generation }, entry.seq);
    }
  }

  /** What would have ended a run only to begin the next one. */
  postpone(advice: readonly Arrival[]): void {
    for (const arrival of advice) this.#advice.set(arrival.unitId, arrival);
  }

  /** @returns Whether it is the first that was missed. */
  miss(unitId: UnitId): boolean {
    const isFirst = this.#missed.size === 0;
    this.#missed.add(unitId);
    return isFirst;
  }

  /** All that waits may begin now, if it is still wanted. */
  release(): void {
    const { accept, onMissed } = this.#options;
    const [launches, advice] = [[...this.#launches.values()], [...this.#advice.values()]];
    const missed = [...this.#missed];
    for (const waiting of [this.#launches, this.#advice, this.#missed]) waiting.clear();
    for (const step of launches) this.#launch(step);
    for (const { unitId, body, cause } of advice) if (!('make' in body)) accept(unitId, body, cause);
    if (missed.length > 0) onMissed(missed);
  }

  #launch(step: ComputedStep): void {
    const { registry, wheel, clock, perform } = this.#options;
    const { actor, next } = step;
    const { generation } = actor.snapshot.context as UnitContext;
    const isCurrent = registry.get(actor.id) === actor && generation === next.context.generation;
    if (!isCurrent || actor.quarantined !== null || stateOf(actor.snapshot.value).substate !== 'launching') return;
    const row = wheel.armed(actor.id, 'launch');
    if (row) wheel.arm({ ...row, dueMonoMs: clock.monoMs() + row.lengthMs });
    perform(step, isLaunch);
  }
}
