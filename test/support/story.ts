import type { UnitSpec } from '../../src/machines/spec.ts';
import { Simulation } from './simulation.ts';
import { aJob, aServer, aWatcher } from './specs.ts';

/** One of each kind, that depend on each other, share a fate, flap, and are retried. */
export const STORY_UNITS: readonly UnitSpec[] = [
  aServer('db', { env: { set: { PGPASSWORD: 'swordfish' } } }),
  aServer('api', { after: { db: 'ready' }, group: 'back' }),
  aServer('flaky', { ready: null, group: 'back', restart: { when: 'always', max: 1_000, backoff: { max: '1s' } } }),
  aJob('build', { timeout: '300ms', retry: { max: 3 } }),
  aWatcher('reload', { restart: ['db'] }),
];

/** Seconds in which much goes wrong: requests that contradict each other, deaths, and now and then a crash of ours. */
export async function story({ rounds = 40 }: { readonly rounds?: number } = {}): Promise<Simulation> {
  const behaviours = { flaky: { diesAfterMs: 120, exit: { code: 3 } }, db: { readyAfterMs: 150 } };
  const sim = await Simulation.open({
    units: STORY_UNITS,
    behaviours,
    groups: { back: { strategy: 'rest-for-one' } },
  });
  await sim.up();
  for (let round = 0; round < rounds; round++) {
    sim.ask((['api', 'build', 'db', 'reload'] as const)[round % 4]!, round % 3 === 0 ? 'restart' : 'start');
    await sim.advance(170);
    if (round % 10 === 9) {
      sim.crash();
      await sim.open();
    }
  }
  sim.down();
  await sim.advance(5_000);
  return sim;
}
