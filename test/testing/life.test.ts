import { expect, test } from 'vitest';
import { Simulation } from '../support/simulation.ts';
import { aServer } from '../support/specs.ts';

/** Started and stopped, by an orchestrator that is killed after so many effects, and by the one after it. */
async function livedThrough(effects: number) {
  const sim = await Simulation.open({ units: [aServer('api')] });
  sim.crashAfter(effects, { downMs: 10 });
  sim.ask('api', 'start');
  await sim.advance(1_000);
  const wasStarted = sim.store.runs('api').length > 0;
  if (sim.isUp) sim.ask('api', 'stop');
  await sim.advance(1_000);
  let down = sim.askAll('down');
  await sim.advance(20_000);
  // Whoever was asked first may have been killed by then.
  if (down.answer === 'waiting') down = sim.askAll('down');
  await sim.advance(20_000);
  const { world, store, lives } = sim;
  const left = { down: down.answer, alive: world.pidsAlive(), wrong: world.violations, open: store.openRuns() };
  return { left, wasStarted, lives, launches: world.launches.length };
}

/**
 * Goal: no moment of a SIGKILL loses anything. Method: one more effect in each round, until none is left to be killed.
 */
test('an orchestrator can be killed before and after each commit and each command, and nothing is lost', async () => {
  const launches: number[] = [];
  for (let effects = 0; ; effects++) {
    const { left, wasStarted, ...life } = await livedThrough(effects);
    expect({ effects, ...left }).toEqual({ effects, down: 'done', alive: [], wrong: [], open: [] });
    if (wasStarted) launches.push(life.launches);
    if (life.lives === 1) break;
  }
  expect(launches.length).toBeGreaterThan(10);
  expect(new Set(launches)).toEqual(new Set([1]));
});

test('what an orchestrator does after it was killed reaches neither world nor store', async () => {
  const sim = await Simulation.open({ units: [aServer('api')] });
  const { orchestrator } = sim;
  sim.crash();
  const lastSeq = sim.store.lastSeq();
  orchestrator.request('api', 'start.requested', 'a dead one').catch(() => {});
  orchestrator.recorder.flush();
  await sim.advance(60_000);
  expect([sim.store.lastSeq(), sim.world.launches]).toEqual([lastSeq, []]);
});

test('a disk that is full keeps the next orchestrator out until there is room', async () => {
  const sim = await Simulation.open({ units: [aServer('api')] });
  await sim.up();
  sim.disk.isFull = true;
  sim.crashAfter(null, { downMs: 0 });
  await sim.advance(120_000);
  const meanwhile = sim.isUp;
  sim.disk.heal();
  await sim.advance(120_000);
  expect([meanwhile, sim.isUp, sim.value('api')]).toEqual([false, true, { running: 'healthy' }]);
});
