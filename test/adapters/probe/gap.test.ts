import { expect, test } from 'vitest';
import { gapDetector } from '../../../src/adapters/probe/gap.ts';
import { type SimulatedClock, simulatedClock } from '../../../src/adapters/simulation/clock.ts';

test('time that passes as expected is no gap, and the same gap is noticed once', () => {
  const clock = simulatedClock();
  const hasGap = gapDetector(clock, 1_000);
  clock.advance(3_000);
  expect(hasGap()).toBe(false);
  clock.advance(3_001);
  expect([hasGap(), hasGap()]).toEqual([true, false]);
});

test.each([
  ['a suspend', (clock: SimulatedClock) => clock.suspend(1_001)],
  ['a wall clock set forward', (clock: SimulatedClock) => clock.jumpWall(1_001)],
  ['a wall clock set back', (clock: SimulatedClock) => clock.jumpWall(-1_001)],
] as const)('%s is a gap', (_, jump) => {
  const clock = simulatedClock();
  const hasGap = gapDetector(clock, 1_000);
  jump(clock);
  expect(hasGap()).toBe(true);
});

test('a wall clock that is corrected by less than a second is no gap', () => {
  const clock = simulatedClock();
  const hasGap = gapDetector(clock, 1_000);
  clock.jumpWall(1_000);
  expect(hasGap()).toBe(false);
});
