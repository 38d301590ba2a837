import { isFailure, type Outcome } from './outcome.ts';
import { RETRY_WITHIN_MS } from './spec/restart.ts';
import type { RestartSpec } from './spec.ts';

/** What restart policy remembers of a unit. Survives our own restarts, because it is part of the unit's context. */
export interface RestartHistory {
  /** Monotonic times, of this boot, of the restarts that count against the budget, oldest first. */
  readonly restartsMonoMs: readonly number[];
  /** Restarts in a row without a stable time between them: the exponent of the backoff. */
  readonly streak: number;
  /** Launches in a row that the machine had no room or no time for. They wait, but cost no budget. */
  readonly resourceStreak: number;
  /** Runs in a row that died with their program. Absent: none. */
  readonly deaths?: number;
}

export const NO_HISTORY: RestartHistory = { restartsMonoMs: [], streak: 0, resourceStreak: 0 };

export type Verdict =
  | { readonly kind: 'restart'; readonly delayMs: number; readonly history: RestartHistory }
  /** `gaveUp`: policy wanted another run, but the budget is spent. */
  | { readonly kind: 'settle'; readonly gaveUp: boolean; readonly why: string };

/** After so many refusals in a row the machine is not just busy. */
export const RESOURCE_RETRIES_MAX = 20;

/** What takes its program with it so often in a row is not run again. */
export const RERUNS_MAX = 3;

/** Spread of the backoff, so that units which died together do not come back together. */
const JITTER = 0.25;

/**
 * Decides whether an ended run is followed by another one, and when.
 *
 * Pure: the same policy, history, outcome and time give the same answer. `seed` names the run; the jitter comes from
 * it.
 *
 * ```ts
 * const { restart } = server({ id: 'api', command: 'node api.js' });
 * const exit = { code: 1, signal: null, rawStatus: 1, certain: true };
 * const outcome = { kind: 'failed', ...exit, by: null, detail: null, endedMs: 0 };
 * restartPolicy(restart, NO_HISTORY, { outcome, resource: false, monoMs: 0, seed: 'a.1' }).kind // => 'restart'
 * ```
 */
export function restartPolicy(
  policy: RestartSpec,
  history: RestartHistory,
  death: {
    readonly outcome: Outcome;
    readonly resource: boolean;
    readonly monoMs: number;
    readonly seed: string;
    /** It died with its program, and its spec says that it is run again then. */
    readonly isRerun?: boolean;
  },
): Verdict {
  if (death.isRerun) return afterItsProgram(policy, history, death.seed);
  if (death.resource) return afterResourceError(policy, history, death.seed);
  if (death.outcome.kind === 'launch-failed') return settle('it cannot be launched until its spec or its files change');
  if (!wantsRestart(policy, death.outcome)) return settle('its restart policy asks for no other run');

  const recent = history.restartsMonoMs.filter((at) => at <= death.monoMs && death.monoMs - at < policy.within);
  if (recent.length >= policy.max) {
    return settle(tooOften(policy, recent.length), true);
  }
  return {
    kind: 'restart',
    delayMs: backoffMs(policy, history.streak, death.seed),
    history: { restartsMonoMs: [...recent, death.monoMs], streak: history.streak + 1, resourceStreak: 0 },
  };
}

/** A run was up long enough: the next backoff starts small again. The budget forgets by itself. */
export const afterStable = (history: RestartHistory): RestartHistory => ({ ...history, streak: 0, resourceStreak: 0 });

/** Monotonic time began anew. The backoff goes on where it was; the budget cannot be counted across the gap. */
export const afterReboot = (history: RestartHistory): RestartHistory => ({ ...history, restartsMonoMs: [] });

function wantsRestart(policy: RestartSpec, outcome: Outcome): boolean {
  if (policy.when === 'always') return true;
  if (policy.when === 'never') return false;
  if (policy.when === 'failure') return isFailure(outcome.kind);
  return outcome.code !== null && policy.when.includes(outcome.code);
}

function afterResourceError(policy: RestartSpec, history: RestartHistory, seed: string): Verdict {
  if (history.resourceStreak >= RESOURCE_RETRIES_MAX) {
    return settle(`the machine refused ${history.resourceStreak} launches in a row`, true);
  }
  const delayMs = backoffMs(policy, history.resourceStreak, seed);
  return { kind: 'restart', delayMs, history: { ...history, resourceStreak: history.resourceStreak + 1 } };
}

function afterItsProgram(policy: RestartSpec, history: RestartHistory, seed: string): Verdict {
  const deaths = (history.deaths ?? 0) + 1;
  if (deaths > RERUNS_MAX) return settle(`its program died ${deaths} times in a row while it ran`, true);
  return { kind: 'restart', delayMs: backoffMs(policy, deaths - 1, seed), history: { ...history, deaths } };
}

const settle = (why: string, gaveUp = false): Verdict => ({ kind: 'settle', gaveUp, why });

function backoffMs({ backoff }: RestartSpec, streak: number, seed: string): number {
  // The exponent is bounded before the power is taken: 2 ** 2000 is Infinity.
  const plainMs = Math.min(backoff.max, backoff.initial * backoff.factor ** Math.min(streak, 64));
  return Math.round(Math.min(backoff.max, plainMs * (1 + JITTER * (2 * fractionOf(`${seed}/${streak}`) - 1))));
}

/** A number in [0, 1) that depends on the text alone (FNV-1a, 32 bit). */
function fractionOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) / 2 ** 32;
}

function tooOften({ within }: RestartSpec, count: number): string {
  // The retries of a job are counted for ever, which is no window.
  const isRetried = within === RETRY_WITHIN_MS;
  const what = isRetried ? (count === 1 ? 'retry' : 'retries') : `restarts within ${within / 1000} s`;
  return `it ended again after ${count} ${what}`;
}
