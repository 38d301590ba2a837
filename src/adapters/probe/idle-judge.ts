/** Says when a run has done nothing that can be seen for too long, and when it does something again. Pure. */
export interface IdleJudge {
  /** It was seen to work. `true`: that is news. */
  works(monoMs: number): boolean;
  /** It was not. `true`: now it counts as idle. */
  rests(monoMs: number): boolean;
  /** Nobody has looked for a while, so nobody can say that nothing was done. */
  pardon(monoMs: number): void;
}

/** @param isIdle That it is idle was told before, and nobody has seen it work since. */
export function idleJudge(afterMs: number, begunMs: number, isIdle: boolean): IdleJudge {
  let workedMs = begunMs;
  let idle = isIdle;
  return {
    works(monoMs) {
      const isNews = idle;
      workedMs = monoMs;
      idle = false;
      return isNews;
    },
    rests(monoMs) {
      if (idle || monoMs - workedMs < afterMs) return false;
      idle = true;
      return true;
    },
    pardon(monoMs) {
      workedMs = monoMs;
    },
  };
}

const SHORTEST_MS = 200;
const DOUBLINGS_MAX = 7;

/**
 * How often somebody looks whether a run works, who is to notice that it has not for `afterMs`: five times in that
 * time, but neither more than five times a second nor less than every 25.6 s.
 *
 * Always 200 ms times a power of two: so one look falls together with every second one of those that look twice as
 * often, and serves them all.
 */
export function lookEveryMs(afterMs: number): number {
  const doublings = Math.floor(Math.log2(Math.max(afterMs / 5 / SHORTEST_MS, 1)));
  return SHORTEST_MS * 2 ** Math.min(doublings, DOUBLINGS_MAX);
}
