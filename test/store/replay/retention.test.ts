import { expect, test } from 'vitest';
import { foldSteps } from '../../../src/store/replay/history.ts';
import { Verifier } from '../../../src/store/replay/verify.ts';
import { Simulation } from '../../support/simulation.ts';
import { STORY_UNITS } from '../../support/story.ts';
import { historyIn } from '../../support/traces.ts';

const DAY_MS = 24 * 3_600_000;
/** The machine works in between, and sleeps the rest of the time: the wall clock goes on, and nothing is healed. */
const AWAKE_MS = 600_000;
const MONTHS = 4;

/**
 * Goal: whatever retention deletes, all that is left can be folded and verified.
 * Method: months in which units flap, rest, are replaced and are asked for things, and a crash of ours every week;
 * every day the past of more than a few days goes.
 */
test('months of retention never leave an entry that cannot be replayed', { timeout: 60_000 }, async () => {
  const sim = await Simulation.open({
    units: STORY_UNITS,
    behaviours: { build: { diesAfterMs: 50, exit: { code: 1 } } },
    groups: { back: { strategy: 'rest-for-one' } },
  });
  await sim.up();
  let [trimmed, unknown, oldest] = [0, 0, 1];
  for (let day = 1; day <= MONTHS * 30; day++) {
    for (const [hour, id] of (['build', 'flaky', 'api'] as const).entries()) {
      sim.ask(id, hour === 0 ? 'start' : 'restart');
      await sim.advance(AWAKE_MS);
      sim.clock.suspend(DAY_MS / 3 - AWAKE_MS);
    }
    if (day % 7 === 0) {
      sim.crash();
      await sim.open();
    }
    // A unit that rests for months has nothing left but its base.
    if (day === 20) sim.ask('reload', 'stop');
    trimmed += sim.store.trim({
      maxAgeMs: 3 * DAY_MS,
      maxEntries: 200,
      maxBytes: 1e9,
      nowMs: sim.clock.wallMs(),
    }).entries;
    const history = historyIn(sim);
    const verifier = new Verifier(history);
    for (const step of foldSteps(history)) {
      const { is } = verifier.check(step);
      if (is === 'unknown') unknown++;
      expect([day, step.entry.seq, step.entry.unitId, is]).not.toContain('different');
    }
    oldest = history.firstSeq;
  }
  expect(trimmed).toBeGreaterThan(1_000);
  expect([unknown, oldest]).toEqual([0, trimmed + 1]);
});
