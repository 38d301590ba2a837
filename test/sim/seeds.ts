import * as fc from 'fast-check';
import { type Lived, live } from './lived.ts';
import type { SimScenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { swarmOf } from './swarm.ts';

/** A seed, lived through; and the smallest scenario that still fails, where it failed. */
export interface Tried {
  readonly seed: number;
  readonly lived: Lived;
  readonly failure: { readonly scenario: SimScenario; readonly faults: readonly string[] } | null;
}

/** How long the search for a smaller scenario may take. */
const SHRINK_MAX_MS = 60_000;

export async function trySeed(seed: number, { shrinks }: { readonly shrinks: boolean }): Promise<Tried> {
  const [scenario] = fc.sample(scenarios(swarmOf(seed)), { seed, numRuns: 1, unbiased: true });
  if (!scenario) throw new Error('fast-check made no scenario.');
  const lived = await lifeOf(scenario);
  if (lived.faults.length === 0) return { seed, lived, failure: null };
  const failure = shrinks ? await shrunk(seed, scenario, lived) : { scenario, faults: lived.faults };
  return { seed, lived, failure };
}

/** The same first scenario, and whatever smaller one fails as well. */
async function shrunk(seed: number, scenario: SimScenario, lived: Lived): Promise<Tried['failure']> {
  let smallest = { scenario, faults: lived.faults };
  const property = fc.asyncProperty(scenarios(swarmOf(seed)), async (candidate) => {
    const { faults } = await lifeOf(candidate);
    if (faults.length > 0) smallest = { scenario: candidate, faults };
    return faults.length === 0;
  });
  await fc.check(property, { seed, numRuns: 1, unbiased: true, interruptAfterTimeLimit: SHRINK_MAX_MS });
  return smallest;
}

/** What the simulation itself throws is a fault like any other. */
async function lifeOf(scenario: SimScenario): Promise<Lived> {
  try {
    return await live(scenario);
  } catch (error) {
    const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const nothing = { entries: 0, simulatedMs: 0, successors: 0, suffered: new Map(), seen: new Set<string>() };
    return { ...nothing, faults: [words], journal: '' };
  }
}

/** What a failure says: what is wrong, in which scenario, and how to see it again. */
export const wordsOf = ({ seed, failure }: Tried): string =>
  [
    `seed ${seed}:`,
    ...(failure?.faults ?? []).map((fault) => `  ${fault}`),
    `  npm run sim -- --from ${seed} --seeds 1`,
    `  ${JSON.stringify(failure?.scenario)}`,
  ].join('\n');
