import { describe, expect, test } from 'vitest';
import { type OutcomeKind, outcomeWithoutExit } from '../../src/machines/outcome.ts';
import {
  afterStable,
  NO_HISTORY,
  RERUNS_MAX,
  RESOURCE_RETRIES_MAX,
  type RestartHistory,
  restartPolicy,
} from '../../src/machines/restart-policy.ts';
import { RETRY_WITHIN_MS } from '../../src/machines/spec/restart.ts';
import type { RestartSpec } from '../../src/machines/spec.ts';

const POLICY: RestartSpec = {
  when: 'failure',
  backoff: { initial: 200, factor: 2, max: 30_000 },
  max: 5,
  within: 60_000,
  stableAfter: 10_000,
};

const death = (
  kind: OutcomeKind,
  more: { code?: number; monoMs?: number; resource?: boolean; seed?: string } = {},
) => ({
  outcome: { ...outcomeWithoutExit({ kind, by: null, detail: null }, 0), code: more.code ?? null },
  monoMs: more.monoMs ?? 0,
  resource: more.resource ?? false,
  seed: more.seed ?? 'api.1',
});

describe('which ends are followed by another run', () => {
  test.each<[RestartSpec['when'], OutcomeKind, number | undefined, boolean]>([
    ['always', 'finished', 0, true],
    ['always', 'crashed', undefined, true],
    ['never', 'crashed', undefined, false],
    ['failure', 'finished', 0, false],
    ['failure', 'failed', 1, true],
    ['failure', 'crashed', undefined, true],
    ['failure', 'unhealthy', undefined, true],
    ['failure', 'start-timeout', undefined, true],
    ['failure', 'timed-out', undefined, true],
    ['failure', 'lost', undefined, true],
    ['failure', 'stopped', undefined, false],
    // Trying again cannot help where the command is not there.
    ['always', 'launch-failed', undefined, false],
    [[3, 4], 'failed', 3, true],
    [[3, 4], 'failed', 5, false],
    [[3, 4], 'crashed', undefined, false],
  ])('%j after %s (code %s): %s', (when, kind, code, restarts) => {
    const verdict = restartPolicy({ ...POLICY, when }, NO_HISTORY, death(kind, code === undefined ? {} : { code }));
    expect(verdict.kind).toBe(restarts ? 'restart' : 'settle');
  });
});

/** Dies again and again, `everyMs` apart. */
function livesOf(policy: RestartSpec, everyMs: number, deaths: number): readonly string[] {
  let history: RestartHistory = NO_HISTORY;
  return Array.from({ length: deaths }, (_, index) => {
    const verdict = restartPolicy(policy, history, death('crashed', { monoMs: index * everyMs, seed: `api.${index}` }));
    if (verdict.kind === 'restart') history = verdict.history;
    return verdict.kind === 'settle' && verdict.gaveUp ? 'gave up' : verdict.kind;
  });
}

describe('the budget', () => {
  test('allows as many restarts as it says within its window; the next death settles', () => {
    expect(livesOf(POLICY, 1_000, 6)).toEqual([...Array<string>(5).fill('restart'), 'gave up']);
  });

  test('forgets: a death is out of the window exactly when the window has passed', () => {
    expect(livesOf({ ...POLICY, max: 1 }, 60_000, 4)).toEqual(['restart', 'restart', 'restart', 'restart']);
    expect(livesOf({ ...POLICY, max: 1 }, 59_999, 2)).toEqual(['restart', 'gave up']);
  });

  test('does not count what an earlier boot counted: its monotonic times mean nothing now', () => {
    const history = { ...NO_HISTORY, restartsMonoMs: [900_000, 900_001, 900_002, 900_003, 900_004] };
    expect(restartPolicy(POLICY, history, death('crashed', { monoMs: 10 })).kind).toBe('restart');
  });

  test.each([
    [60_000, 'it ended again after 2 restarts within 60 s'],
    [RETRY_WITHIN_MS, 'it ended again after 2 retries'],
  ])('counted within %d ms is told in words that mean something', (within, why) => {
    const history = { ...NO_HISTORY, restartsMonoMs: [900, 1_000] };
    const verdict = restartPolicy({ ...POLICY, max: 2, within }, history, death('failed', { monoMs: 1_000 }));
    expect(verdict).toEqual({ kind: 'settle', gaveUp: true, why });
  });

  test('of zero settles at the first death', () => {
    expect(livesOf({ ...POLICY, max: 0 }, 1_000, 1)).toEqual(['gave up']);
  });
});

describe('the backoff', () => {
  const delays = (streak: number): number[] =>
    ['a.1', 'b.1', 'c.7', 'd.2'].map((seed) => {
      const verdict = restartPolicy(POLICY, { ...NO_HISTORY, streak }, death('crashed', { seed }));
      return verdict.kind === 'restart' ? verdict.delayMs : -1;
    });

  test.each([
    [0, 150, 250],
    [1, 300, 500],
    [4, 2_400, 4_000],
    [10, 22_500, 30_000],
    [5_000, 22_500, 30_000],
  ])('after %i restarts in a row is between %i and %i ms', (streak, leastMs, mostMs) => {
    for (const delayMs of delays(streak)) {
      expect(delayMs).toBeGreaterThanOrEqual(leastMs);
      expect(delayMs).toBeLessThanOrEqual(mostMs);
    }
  });

  test('spreads, and is the same for the same run', () => {
    expect(new Set(delays(3)).size).toBeGreaterThan(1);
    expect(delays(3)).toEqual(delays(3));
  });

  test('starts small again after a stable time; the budget does not', () => {
    const history = { restartsMonoMs: [1, 2, 3], streak: 3, resourceStreak: 2 };
    expect(afterStable(history)).toEqual({ restartsMonoMs: [1, 2, 3], streak: 0, resourceStreak: 0 });
  });
});

describe('a launch that the machine had no room for', () => {
  test('is tried again whatever the policy, and costs no budget', () => {
    const verdict = restartPolicy(
      { ...POLICY, when: 'never', max: 0 },
      NO_HISTORY,
      death('launch-failed', { resource: true }),
    );
    expect(verdict).toMatchObject({ kind: 'restart', history: { restartsMonoMs: [], streak: 0, resourceStreak: 1 } });
  });

  test('is given up in the end', () => {
    const history = { ...NO_HISTORY, resourceStreak: RESOURCE_RETRIES_MAX };
    expect(restartPolicy(POLICY, history, death('launch-failed', { resource: true }))).toMatchObject({
      kind: 'settle',
      gaveUp: true,
    });
  });
});

describe('a function whose program died, and that is run again then', () => {
  const lost = { ...death('lost'), isRerun: true } as const;

  test('is run again without a retry left, which costs none', () => {
    const verdict = restartPolicy({ ...POLICY, when: 'never', max: 0 }, NO_HISTORY, lost);
    expect(verdict).toMatchObject({ kind: 'restart', history: { ...NO_HISTORY, deaths: 1 } });
  });

  test('is given up when it took its program with it too often in a row', () => {
    let history: RestartHistory = NO_HISTORY;
    for (let deaths = 1; deaths <= RERUNS_MAX; deaths++) {
      const verdict = restartPolicy(POLICY, history, lost);
      if (verdict.kind === 'restart') history = verdict.history;
    }
    const why = 'its program died 4 times in a row while it ran';
    expect(restartPolicy(POLICY, history, lost)).toEqual({ kind: 'settle', gaveUp: true, why });
    const failed = restartPolicy(POLICY, history, death('failed'));
    expect(failed.kind === 'restart' && failed.history).not.toHaveProperty('deaths');
  });
});
