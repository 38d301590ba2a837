import { problemOf } from '../machines/errors.ts';
import type { UnitId } from '../machines/vocabulary.ts';
import { type Finding, findEnded, findInside, findStrays, findWaits, type HealWorld } from './heal-findings.ts';

/** What was found of a unit, and what was done about it, or would be. */
export interface HealAction {
  readonly unit: UnitId;
  readonly found: string;
  readonly did: string;
}

/** `heal --json`. */
export interface HealReport {
  readonly dryRun: boolean;
  /** Units that were looked at. */
  readonly scanned: number;
  readonly actions: readonly HealAction[];
}

export const HEAL_EVERY_MS = 30_000;
/** What is under way looks like damage for a moment: what is not the same a while later was none. */
export const LOOK_AGAIN_MS = 1_000;
/** What was done about something takes a while. It is not done again before. */
const HEALS_WITHIN_MS = 20_000;

/**
 * Compares what is recorded with what is true, and acts: the safety net below events, deadlines and recovery.
 *
 * 1. What is seen once may be on its way: only what is the same at a second look is acted on.
 * 2. It acts by telling what happened, as whoever missed it should have; a unit that is well gets no entry.
 * 3. What did not help three times is left to people.
 */
export class Healer {
  readonly #world: HealWorld;
  readonly #tries = new Map<string, { times: number; lastMonoMs: number }>();
  #last: Promise<unknown> = Promise.resolve();
  #cancel: () => void = () => {};
  #isClosed = false;

  constructor(world: HealWorld) {
    this.#world = world;
  }

  /** Once what happened meanwhile is known, before any timer fires: no wait begins without an end. */
  start(): void {
    for (const finding of findWaits(this.#world)) this.#act(finding, false);
    this.#schedule();
  }

  /** One after the other: what one of them heals the next one must not find. */
  heal({ dryRun = false }: { readonly dryRun?: boolean } = {}): Promise<HealReport> {
    const report = this.#last.then(() => this.#pass(dryRun));
    this.#last = report.catch(() => {});
    return report;
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  #schedule(): void {
    this.#cancel = this.#world.clock.setTimer(HEAL_EVERY_MS, () => {
      void this.heal()
        .catch((error: unknown) => this.#world.log.error({}, `it cannot be healed: ${problemOf(error).message}`))
        .then(() => {
          if (!this.#isClosed) this.#schedule();
        });
    });
  }

  async #pass(dryRun: boolean): Promise<HealReport> {
    const { registry, clock } = this.#world;
    const suspected = new Set((await this.#look()).map(({ key }) => key));
    if (suspected.size > 0) await new Promise<void>((resolve) => clock.setTimer(LOOK_AGAIN_MS, resolve));
    const findings = suspected.size > 0 ? await this.#look() : [];
    const scanned = registry.size;
    const confirmed = findings.filter(({ key }) => suspected.has(key) && !this.#isUnderWay(key));
    return { dryRun, scanned, actions: this.#isClosed ? [] : confirmed.map((finding) => this.#act(finding, dryRun)) };
  }

  async #look(): Promise<readonly Finding[]> {
    if (this.#isClosed) return [];
    const world = this.#world;
    const outside = await Promise.all([findEnded(world), findStrays(world)]);
    return this.#isClosed ? [] : [...findInside(world), ...outside.flat()];
  }

  #isUnderWay(key: string): boolean {
    const tried = this.#tries.get(key);
    return tried !== undefined && this.#world.clock.monoMs() - tried.lastMonoMs < HEALS_WITHIN_MS;
  }

  #act({ key, unit, found, remedy, timesMax, heal }: Finding, dryRun: boolean): HealAction {
    const { log, clock } = this.#world;
    const times = this.#tries.get(key)?.times ?? 0;
    if (timesMax !== undefined && times >= timesMax) {
      return { unit, found, did: `left as it is: ${times} times it did not help` };
    }
    if (dryRun) return { unit, found, did: `would be ${remedy}` };
    this.#tries.set(key, { times: times + 1, lastMonoMs: clock.monoMs() });
    try {
      heal();
      log.warn({ unit }, `healed: ${found} (${remedy})`);
      return { unit, found, did: remedy };
    } catch (error) {
      const { message } = problemOf(error);
      log.error({ unit }, `cannot be healed: ${found}: ${message}`);
      return { unit, found, did: `nothing: ${message}` };
    }
  }
}
