import { strict as assert } from 'node:assert';
import type { Clock } from '../../actors/ports.ts';

/** A `Clock` that moves only when it is told to. */
export interface SimulatedClock extends Clock {
  /** Moves both times, stopping at every due timer on the way. What was deferred runs before, between and after. */
  advance(ms: number): void;
  /** Runs what was deferred, and what that defers, until nothing is left. Time stands still. */
  flush(): void;
  /** Sets the wall clock forward or, with a negative number, back. */
  jumpWall(ms: number): void;
  /** The machine sleeps: the wall clock goes on, monotonic time and with it every timer does not. */
  suspend(ms: number): void;
  /** A new boot id, monotonic time from its beginning, and nothing that was pending is left. */
  reboot(offMs?: number): void;
  /** The process gets no CPU: time passes, and nothing runs. What fell due runs late, with the next advance. */
  stall(ms: number): void;
  /** How many timers are set. */
  pending(): number;
  /** Nothing is deferred. */
  isQuiet(): boolean;
  /** Monotonic time at which the next timer is due. `null`: none is set. */
  nextDueMs(): number | null;
  /** The same time as one orchestrator sees it, whose timers go when it does. */
  session(): ClockSession;
}

export interface ClockSession extends Clock {
  /** Forgets every timer and deferred call of this session, and takes no more, as the death of its process would. */
  end(): void;
}

/**
 * Time for tests: the same calls in the same order give the same run, and an hour takes no time.
 *
 * **Example** (A timer fires at its due time, not before)
 *
 * ```ts
 * const clock = simulatedClock();
 * let fired = false;
 * clock.setTimer(1_000, () => { fired = true; });
 * clock.advance(999);
 * fired // => false
 * clock.advance(1);
 * fired // => true
 * ```
 */
export function simulatedClock(
  start: { readonly wallMs?: number; readonly monoMs?: number; readonly bootId?: string } = {},
): SimulatedClock {
  return new RootClock({
    wallMs: start.wallMs ?? Date.UTC(2030, 0, 1),
    monoMs: start.monoMs ?? 0,
    bootId: start.bootId ?? 'boot-1',
    timers: [],
    deferred: [],
  });
}

/** Far above what any scenario needs, so that only a loop that feeds itself gets there. */
const STEPS_MAX = 100_000;

interface Call {
  readonly owner: ClockSession;
  readonly run: () => void;
}
interface Time {
  wallMs: number;
  monoMs: number;
  bootId: string;
  /** Soonest first. */
  timers: (Call & { readonly dueMs: number })[];
  deferred: Call[];
}

class SessionClock implements ClockSession {
  readonly #time: Time;
  #isOver = false;

  constructor(time: Time) {
    this.#time = time;
  }

  get bootId(): string {
    return this.#time.bootId;
  }

  wallMs(): number {
    return this.#time.wallMs;
  }

  monoMs(): number {
    return this.#time.monoMs;
  }

  setTimer(ms: number, run: () => void): () => void {
    const time = this.#time;
    if (this.#isOver) return () => {};
    const timer = { dueMs: time.monoMs + Math.max(0, ms), owner: this, run };
    // After the equal ones: timers that are due together fire in the order in which they were set.
    time.timers.splice(time.timers.findLastIndex((other) => other.dueMs <= timer.dueMs) + 1, 0, timer);
    return () => {
      time.timers = time.timers.filter((other) => other !== timer);
    };
  }

  defer(run: () => void): void {
    if (!this.#isOver) this.#time.deferred.push({ owner: this, run });
  }

  end(): void {
    this.#isOver = true;
    this.#time.timers = this.#time.timers.filter(({ owner }) => owner !== this);
    this.#time.deferred = this.#time.deferred.filter(({ owner }) => owner !== this);
  }
}

class RootClock extends SessionClock implements SimulatedClock {
  readonly #time: Time;
  readonly #firstMonoMs: number;
  #advancing = false;
  #boots = 1;

  constructor(time: Time) {
    super(time);
    this.#time = time;
    this.#firstMonoMs = time.monoMs;
  }

  advance(ms: number): void {
    assert(ms >= 0, `Time does not go back: advance(${ms}).`);
    assert(!this.#advancing, 'advance() was called by something that advance() runs.');
    this.#advancing = true;
    try {
      this.#fireUntil(this.#time.monoMs + ms);
    } finally {
      this.#advancing = false;
    }
  }

  flush(): void {
    for (let step = 0; this.#time.deferred.length > 0; step++) {
      assert(step < STEPS_MAX, `Deferred calls keep deferring: ${STEPS_MAX} at one moment.`);
      this.#time.deferred.shift()?.run();
    }
  }

  jumpWall(ms: number): void {
    this.#time.wallMs += ms;
  }

  suspend(ms: number): void {
    assert(ms >= 0, `Nothing sleeps for ${ms} ms.`);
    this.#time.wallMs += ms;
  }

  reboot(offMs = 0): void {
    assert(!this.#advancing, 'reboot() was called by something that advance() runs.');
    this.#boots += 1;
    Object.assign(this.#time, {
      wallMs: this.#time.wallMs + offMs,
      monoMs: this.#firstMonoMs,
      bootId: `boot-${this.#boots}`,
      timers: [],
      deferred: [],
    });
  }

  stall(ms: number): void {
    assert(ms >= 0, `Nothing stalls for ${ms} ms.`);
    this.#moveTo(this.#time.monoMs + ms);
  }

  pending(): number {
    return this.#time.timers.length;
  }

  isQuiet(): boolean {
    return this.#time.deferred.length === 0;
  }

  nextDueMs(): number | null {
    return this.#time.timers[0]?.dueMs ?? null;
  }

  session(): ClockSession {
    return new SessionClock(this.#time);
  }

  #fireUntil(endMs: number): void {
    this.flush();
    for (let step = 0; ; step++) {
      assert(step < STEPS_MAX, `Timers keep setting timers: ${STEPS_MAX} fired before monotonic ${endMs} ms.`);
      const [next] = this.#time.timers;
      if (next === undefined || next.dueMs > endMs) break;
      this.#time.timers.shift();
      this.#moveTo(next.dueMs);
      next.run();
      this.flush();
    }
    this.#moveTo(endMs);
  }

  /** Never back: a stall may have gone further than a timer, or the whole advance, was to go. */
  #moveTo(toMs: number): void {
    const monoMs = Math.max(toMs, this.#time.monoMs);
    this.#time.wallMs += monoMs - this.#time.monoMs;
    this.#time.monoMs = monoMs;
  }
}
