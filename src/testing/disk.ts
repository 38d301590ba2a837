import type { SimulatedClock } from '../adapters/simulation/clock.ts';
import { StoreUnwritable } from '../store/errors.ts';
import { failureOf } from '../store/failure.ts';
import type { Store } from '../store/rows.ts';

/** What the disk below a store does to it. */
export class Disk {
  /** Nothing can be written. */
  isFull = false;
  /** So many writes fail, and the next one does not. */
  failures = 0;
  /** How long a commit takes, in which nothing else of its orchestrator runs. */
  commitMs = 0;
  /** How many writes it refused. */
  refused = 0;
  /** The last write was refused: whoever dies now may know more than is written. */
  isBehind = false;
  readonly #clock: SimulatedClock;

  constructor(clock: SimulatedClock) {
    this.#clock = clock;
  }

  heal(): void {
    Object.assign(this, { isFull: false, failures: 0, commitMs: 0 });
  }

  store(store: Store): Store {
    const writing =
      <Args extends unknown[], Result>(write: (...args: Args) => Result) =>
      (...args: Args): Result => {
        this.#write();
        this.isBehind = false;
        return write(...args);
      };
    return { ...store, commit: writing(store.commit), trim: writing(store.trim), setMeta: writing(store.setMeta) };
  }

  #write(): void {
    if (this.commitMs > 0) this.#clock.stall(this.commitMs);
    if (!this.isFull && this.failures === 0) return;
    if (!this.isFull) this.failures--;
    this.refused++;
    this.isBehind = true;
    const cause = Object.assign(new Error('database or disk is full'), { code: 'ENOSPC', syscall: 'write' });
    throw new StoreUnwritable({ path: 'the simulated disk', failure: failureOf(cause), cause });
  }
}
