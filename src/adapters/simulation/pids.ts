import type { Clock } from '../../actors/ports.ts';
import type { Problem, ProcessIdentity } from '../../machines/vocabulary.ts';

const FIRST_PID = 1000;
const REMEMBERED_MAX = 100;

export const NO_PIDS: Problem = {
  code: 'NoPids',
  message: 'Cannot start a process: the machine has no pid left.',
  hint: 'Wait for some of its processes to end.',
};

/** Who has which pid. With few pids they soon come back, as on a busy machine. */
export class Pids {
  readonly #clock: Clock;
  readonly #pidsMax: number;
  readonly #taken = new Map<number, ProcessIdentity>();
  /** Given back, newest last: what a stranger gets first. */
  readonly #freed: number[] = [];
  #given = 0;
  #lastTicks = 0;

  constructor(clock: Clock, pidsMax: number) {
    this.#clock = clock;
    this.#pidsMax = pidsMax;
  }

  /** A pid that is free, with a start time that nobody else in this boot has. `null`: all are taken. */
  take(): ProcessIdentity | null {
    for (let tried = 0; tried < this.#pidsMax; tried++) {
      const pid = FIRST_PID + (this.#given++ % this.#pidsMax);
      if (this.#isFree(pid)) return this.#give(pid);
    }
    return null;
  }

  free(identity: ProcessIdentity): void {
    if (this.#taken.get(identity.pid) !== identity) return;
    this.#taken.delete(identity.pid);
    this.#freed.push(identity.pid);
    if (this.#freed.length > REMEMBERED_MAX) this.#freed.shift();
  }

  /** Processes of somebody else take the pids that were given back last, and go again after `stayMs`. */
  crowd(count: number, stayMs: number): void {
    for (let pid = this.#freed.pop(); pid !== undefined && count > 0; pid = this.#freed.pop()) {
      if (!this.#isFree(pid)) continue;
      const stranger = this.#give(pid);
      this.#clock.setTimer(stayMs, () => this.free(stranger));
      count--;
    }
  }

  /** Whether none is left, or soon will be. */
  isScarce(): boolean {
    let taken = 0;
    for (const { bootId } of this.#taken.values()) if (bootId === this.#clock.bootId) taken++;
    return taken >= this.#pidsMax;
  }

  #isFree(pid: number): boolean {
    return this.#taken.get(pid)?.bootId !== this.#clock.bootId;
  }

  #give(pid: number): ProcessIdentity {
    // Field 22 of /proc/PID/stat counts hundredths of a second.
    this.#lastTicks = Math.max(this.#lastTicks + 1, Math.floor(this.#clock.monoMs() / 10));
    const identity = { bootId: this.#clock.bootId, pidNamespace: 'pid:[1]', pid, startTicks: String(this.#lastTicks) };
    this.#taken.set(pid, identity);
    return identity;
  }
}
