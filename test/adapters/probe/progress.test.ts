import { expect, test } from 'vitest';
import { watchProgress } from '../../../src/adapters/probe/progress.ts';
import { simulatedClock } from '../../../src/adapters/simulation/clock.ts';
import { seenRun } from './bench.ts';

/** A start that asks every 200 ms, and prints a line every so often. */
async function starting(prints: (ms: number) => string, options: { within: number; atMost?: number; until: number }) {
  const clock = simulatedClock();
  const run = seenRun();
  const told: (readonly [ms: number, text: string])[] = [];
  const spec = { every: 200, timeout: 1_000, target: { tcp: 1 } as const, ...options };
  const missed = watchProgress('api.1', spec, {
    clock,
    view: run.view,
    redact: (text) => text.replaceAll('hunter2', '…'),
    tell: (text) => told.push([clock.monoMs(), text]),
  });
  while (clock.monoMs() < options.until) {
    run.prints(prints(clock.monoMs()));
    missed('connection refused');
    await new Promise(setImmediate);
    clock.advance(200);
  }
  return told;
}

test('a start that prints gets on, and is told of four times in its window at most', async () => {
  const told = await starting((ms) => `step ${ms}\n`, { within: 4_000, until: 3_001 });
  const words = (ms: number) => `not ready yet (connection refused), but it gets on: step ${ms}`;
  expect(told).toEqual([
    [1_000, words(1_000)],
    [2_000, words(2_000)],
    [3_000, words(3_000)],
  ]);
});

test('a silent start does not get on, and what was printed once is told once', async () => {
  const told = await starting((ms) => (ms === 400 ? 'only this\n' : ''), { within: 4_000, until: 20_000 });
  expect(told.map(([ms]) => ms)).toEqual([1_000]);
});

test('a start that always prints and never gets ready comes to its end, by default after five windows', async () => {
  const last = async (atMost?: number) => {
    const told = await starting(() => 'again\n', { within: 1_000, until: 30_000, ...(atMost ? { atMost } : {}) });
    return told.at(-1)?.[0];
  };
  // Its window then ends when all of its time does.
  expect([await last(), await last(10_000), await last(1_000)]).toEqual([4_000, 8_800, undefined]);
});

test('what it printed is quoted without secrets, and short', async () => {
  const [told] = await starting(() => `hunter2 ${'x'.repeat(500)}\n`, { within: 1_000, until: 500 });
  expect(told?.[1]).toBe(`not ready yet (connection refused), but it gets on: … ${'x'.repeat(118)}…`);
});
