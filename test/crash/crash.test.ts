import { expect, test } from 'vitest';
import { stateDirectory } from '../support/state-directory.ts';
import { playRounds, type Spread } from './rounds.ts';

/** `npm run test:crash` plays 50, and repeats those of a seed: `npm run test:crash -- --seed 7 --rounds 5`. */
const ROUNDS = 5;
/** Between the last word of a program and its end, and between the clock it reads and the one files are stamped by. */
const LATE_MS = 50;
const EARLY_MS = -20;

test(`a host that is killed ${ROUNDS} times, at any moment, loses nothing and doubles nothing`, async () => {
  const seed = Math.floor(Math.random() * 1_000_000);
  const report = await playRounds({ directory: stateDirectory(), rounds: ROUNDS, seed });
  const { latenessMs, unseenLatenessMs } = report;
  // A busy machine may stop any one of them between its last word and its end, but not every other one.
  const isRight = ({ least, median }: Spread): boolean => least >= EARLY_MS && median <= LATE_MS;
  const areTimesRight = [latenessMs, unseenLatenessMs].map(isRight);
  expect({ ...report, areTimesRight }).toEqual({ ...report, violations: [], areTimesRight: [true, true] });
}, 120_000);
