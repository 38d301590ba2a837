import { problemOf } from '../machines/errors.ts';
import type { Problem, UnitId } from '../machines/vocabulary.ts';
import type { RunRow, Store, Tick } from '../store/rows.ts';
import { type Arrival, isEmpty, leadsToRest, mayPass } from './arrivals.ts';
import { Backlog, joined, type Kept } from './backlog.ts';
import type { Clock, Log } from './ports.ts';

/** How long a store that refused a commit is left alone at first; then twice as long each time. */
export const STORE_RETRY_MS = 1_000;
/** But no longer. To ask a store that somebody keeps locked blocks the event loop for a while. */
export const STORE_RETRY_MAX_MS = 10_000;

/** Entries that may wait for a store to come back. */
export const WAITING_MAX = 10_000;
/** The last of these places are for what brings units to rest: nobody is kept from stopping by what others say. */
export const KEPT_FOR_REST = 2_000;

export interface Degraded {
  readonly sinceMs: number;
  readonly problem: Problem;
}

export interface WriterOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** The store takes everything again, and all that waited is in it. */
  readonly onReturn: () => void;
  /** This tick can never be written. What came after it of the same units means nothing without it. */
  readonly onLost: (tick: Tick, refusal: unknown) => void;
}

/**
 * Writes ticks. When the store cannot take them it is *degraded*: they are kept, in order, and written before anything
 * else as soon as it takes them again (I13). What is kept is lost if we are killed.
 */
export class Writer {
  /** Why nothing can be written at the moment; `null`: all is well. */
  degraded: Degraded | null = null;
  readonly #options: WriterOptions;
  readonly #backlog = new Backlog();
  #retryMs = STORE_RETRY_MS;
  #triedMs = 0;
  #cancelRetry: () => void = () => {};

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** Whether so much waits that this can not be taken any more, with what has arrived already. */
  isFullFor(body: Arrival['body'], arrived: number): boolean {
    const max = leadsToRest(body) ? WAITING_MAX : WAITING_MAX - KEPT_FOR_REST;
    return this.degraded !== null && this.#backlog.entries + arrived >= max;
  }

  /** `null`: it is in the database. Else why it is not, and nothing of it is. */
  write(tick: Tick): unknown {
    return this.#attempt(() => {
      if (!isEmpty(tick)) this.#options.store.commit(tick);
    });
  }

  degrade(refusal: unknown): void {
    const { clock, log } = this.#options;
    const { code, message, hint } = problemOf(refusal);
    log.error({ code }, `${message} ${hint} ${MEANWHILE}`);
    this.degraded = { sinceMs: clock.wallMs(), problem: { code, message, hint: `${hint} ${MEANWHILE}`.trim() } };
    this.#retryMs = STORE_RETRY_MS;
    this.#triedMs = clock.monoMs();
    this.#retryLater();
  }

  /** For a tick that is acted on without being written. */
  keep(kept: Kept): void {
    this.#backlog.add(kept);
  }

  /** Somebody needs it now: whether it can be written again is found out at once, unless that was tried just now. */
  isBack(): boolean {
    const isDue = this.#options.clock.monoMs() - this.#triedMs >= STORE_RETRY_MS;
    if (this.degraded && isDue) this.#retry();
    return this.degraded === null;
  }

  /** With what is not stored yet. */
  runs(unitId: UnitId): readonly RunRow[] {
    return this.#backlog.runs(unitId, this.#options.store.runs(unitId));
  }

  /** Tries once more, and says what is lost if that fails, too. */
  close(): void {
    this.#cancelRetry();
    if (!this.degraded || this.#backlog.entries === 0 || this.#writeAll() === null) return;
    const { code, message } = this.degraded.problem;
    const lost = this.#backlog.entries;
    const words = `${lost} entries of the journal could not be written and are lost: ${message}`;
    this.#options.log.error(
      { code, lost },
      `${words} The next one to open it asks the world what became of every run.`,
    );
  }

  #retry(): void {
    this.#cancelRetry();
    const { clock, log, onReturn } = this.#options;
    const entries = this.#backlog.entries;
    this.#triedMs = clock.monoMs();
    if (this.#writeAll() !== null) {
      this.#retryMs = Math.min(this.#retryMs * 2, STORE_RETRY_MAX_MS);
      this.#retryLater();
      return;
    }
    const waitedMs = clock.wallMs() - (this.degraded?.sinceMs ?? 0);
    this.degraded = null;
    log.warn({ waitedMs, entries }, 'the store can be written again, and all that waited is in it');
    onReturn();
  }

  #retryLater(): void {
    this.#cancelRetry = this.#options.clock.setTimer(this.#retryMs, () => this.#retry());
  }

  /** All in one transaction; where something in it can never be written, one after the other, without that. */
  #writeAll(): unknown {
    const { store, clock } = this.#options;
    if (this.#backlog.entries === 0) return this.#attempt(() => store.setMeta(LAST_TRY, String(clock.wallMs())));
    const refusal = this.write(joined(this.#backlog.ticks()));
    if (refusal !== null && mayPass(refusal)) return refusal;
    for (let kept = this.#backlog.first(); kept; kept = this.#backlog.first()) {
      const fault = refusal === null ? null : this.write(kept.tick);
      if (fault !== null && mayPass(fault)) return fault;
      this.#backlog.shift();
      if (fault === null) kept.onWritten();
      else this.#options.onLost(kept.tick, fault);
    }
    return null;
  }

  #attempt(write: () => void): unknown {
    try {
      write();
      return null;
    } catch (refusal) {
      return refusal;
    }
  }
}

/** Written where nothing else waits, only to see whether it can be. */
const LAST_TRY = 'lastTryMs';

const MEANWHILE = 'Until it can be written, nothing new is started; what runs is looked after, and can be stopped.';
