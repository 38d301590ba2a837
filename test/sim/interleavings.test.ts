import { expect, test } from 'vitest';
import { interleave, ROUNDS } from './interleavings.ts';

/** More of them: `npm run sim -- --interleavings 20000`. */
const SEEDS = 25;

test(`after ${SEEDS * ROUNDS} interleavings of wishes and facts the end is what was wished for last`, async () => {
  const faults: string[] = [];
  for (let seed = 1; seed <= SEEDS && faults.length === 0; seed++) faults.push(...(await interleave(seed)));
  expect(faults).toEqual([]);
}, 120_000);
