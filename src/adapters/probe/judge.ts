import type { Answer } from './answer.ts';

export type Verdict = { readonly is: 'passed' } | { readonly is: 'failed' | 'exhausted'; readonly detail: string };

/** Counts answers and says what of them is news. Pure: time arrives with the answer. */
export interface Judge {
  judge(answer: Answer, monoMs: number): readonly Verdict[];
  /** The machine slept: failures are expected until then, and what was counted before is void. */
  pardon(untilMonoMs: number): void;
}

/** At most one change of the reason in this time: a reason may contain a number that always changes. */
const REASON_EVERY_MS = 5_000;

/** Says the reason of a failure when it is new, and that it passed. */
export function readyJudge(): Judge {
  let told: { readonly detail: string; readonly monoMs: number } | null = null;
  return {
    judge(answer, monoMs) {
      if (answer.is === 'passed') return [{ is: 'passed' }];
      if (answer.is === 'unasked') return [];
      const isOld = told !== null && (told.detail === answer.detail || monoMs - told.monoMs < REASON_EVERY_MS);
      if (isOld) return [];
      told = { detail: answer.detail, monoMs };
      return [{ is: 'failed', detail: answer.detail }];
    },
    // Nothing is counted, so nothing is to be pardoned: readiness has a deadline, not a number of failures.
    pardon() {},
  };
}

/** Says only edges: the first failure, `failuresMax` of them in a row, and the recovery. */
export function aliveJudge(failuresMax: number): Judge {
  let failures = 0;
  let told: 'nothing' | 'failed' | 'exhausted' = 'nothing';
  let pardonedUntilMs = Number.NEGATIVE_INFINITY;
  return {
    judge(answer, monoMs) {
      if (answer.is === 'unasked') return [];
      if (answer.is === 'passed') {
        const isRecovery = told !== 'nothing';
        failures = 0;
        told = 'nothing';
        return isRecovery ? [{ is: 'passed' }] : [];
      }
      if (monoMs < pardonedUntilMs) return [];
      failures += 1;
      const news: Verdict[] = [];
      const { detail } = answer;
      if (told === 'nothing') news.push({ is: 'failed', detail });
      if (told !== 'exhausted' && failures >= failuresMax) news.push({ is: 'exhausted', detail });
      told = failures >= failuresMax || told === 'exhausted' ? 'exhausted' : 'failed';
      return news;
    },
    pardon(untilMonoMs) {
      failures = 0;
      pardonedUntilMs = untilMonoMs;
    },
  };
}
