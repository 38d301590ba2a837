import { expect, test } from 'vitest';
import { manyUnits } from '../crash/many.ts';
import { stateDirectory } from '../support/state-directory.ts';

/** `npm run test:crash` does the same with 500. */
const COUNT = 200;
/** For the whole start of the process. On a busy machine only the processor's time can be held to it. */
const ADOPTION_LIMIT_MS = 2_000;

test(`${COUNT} units outlive a SIGKILL of their host, are adopted within two seconds, and stop together`, async () => {
  const report = await manyUnits(stateDirectory(), COUNT);
  const { upMs, adoptedMs, adoptedCpuMs, downMs, descriptorsPerRun } = report;
  console.log(`${COUNT} units: up ${upMs} ms, adopted ${adoptedMs} ms (${adoptedCpuMs} ms of CPU), down ${downMs} ms`);
  expect({
    ...report,
    adoptedInTime: adoptedCpuMs < ADOPTION_LIMIT_MS,
    descriptorsPerRun: descriptorsPerRun.map(Math.round),
  }).toEqual({
    upMs,
    adoptedMs,
    adoptedCpuMs,
    downMs,
    adoptedInTime: true,
    descriptorsPerRun: [1, 1],
    samePids: true,
    ending: { code: 0, signal: null },
    left: [],
  });
}, 120_000);
