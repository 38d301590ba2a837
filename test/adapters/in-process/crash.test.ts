import { describe, expect, test } from 'vitest';
import { givenHere } from '../../../src/adapters/in-process/functions.ts';
import { job } from '../../../src/index.ts';
import { stateOf } from '../../../src/machines/view.ts';
import { simulate } from '../../../src/testing.ts';
import { Simulation } from '../../support/simulation.ts';
import { aFunction } from '../../support/specs.ts';

type Policy = 'fail' | 'rerun';

/** Started by a program that is killed after so many effects; the next ones have the function, too. */
async function livedThrough(onOrchestratorDeath: Policy, effects: number) {
  const atWork = { now: 0, atOnce: 0, calls: 0 };
  const run = async (context: { readonly signal: AbortSignal }) => {
    atWork.calls++;
    atWork.atOnce = Math.max(atWork.atOnce, ++atWork.now);
    // A program that was killed takes its functions with it.
    context.signal.addEventListener('abort', () => atWork.now--);
    await new Promise(setImmediate);
    if (!context.signal.aborted) atWork.now--;
    return 'done';
  };
  const functions = new Map([['index', givenHere(run)]]);
  const sim = await Simulation.open({ units: [aFunction('index', { onOrchestratorDeath })], functions });
  sim.crashAfter(effects, { downMs: 10 });
  sim.ask('index', 'start');
  await sim.advance(1_000);
  if (sim.store.runs('index').length === 0) sim.ask('index', 'start');
  await sim.advance(120_000);
  const runs = sim.store.runs('index');
  const { substate } = stateOf(sim.value('index'));
  const last = runs[0]?.outcome?.kind;
  return { ...atWork, substate, last, lives: sim.lives, runs: runs.length, open: sim.store.openRuns().length };
}

describe('a program that is killed after any effect, while a function of it is a job,', () => {
  test.each<[Policy, readonly string[]]>([
    ['fail', ['finished', 'lost']],
    ['rerun', ['finished']],
  ])('leaves one that shall %s with an end, never lost silently, and never twice at once', async (policy, ends) => {
    const seen = new Set<string | undefined>();
    for (let effects = 0; ; effects++) {
      const { calls, runs, last, lives, atOnce, ...rest } = await livedThrough(policy, effects);
      expect({ effects, ...rest }).toEqual({ effects, now: 0, substate: 'settled', open: 0 });
      expect(atOnce).toBeLessThanOrEqual(1);
      expect(calls).toBeLessThanOrEqual(runs);
      seen.add(last);
      if (lives === 1) break;
    }
    expect([...seen].sort()).toEqual(ends);
  });
});

test('what a program had queued when it died is run by the next one; what was at work is lost', async () => {
  const never = new Promise<never>(() => {});
  const functions = new Map([
    ['works', givenHere(() => never)],
    ['waits', givenHere(() => 'done')],
  ]);
  const units = [aFunction('works', { queue: 'q' }), aFunction('waits', { queue: 'q' })];
  const sim = await Simulation.open({ units, functions });
  await sim.up();
  await sim.advance(1_000);
  sim.crash();
  await sim.open();
  await sim.advance(1_000);
  const outcomes = ['works', 'waits'].map((id) => sim.store.runs(id).map(({ outcome }) => outcome?.kind));
  expect(outcomes).toEqual([['lost'], ['finished']]);
});

test('what a function returns while nothing can be written is kept, and written when there is room', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const functions = new Map([['index', givenHere(() => promise)]]);
  const sim = await Simulation.open({ units: [aFunction('index')], functions });
  await sim.up();
  await sim.advance(1_000);
  sim.disk.isFull = true;
  resolve('kept');
  await sim.advance(1_000);
  const meanwhile = [sim.value('index'), sim.store.runs('index')[0]?.outcome ?? null];
  sim.disk.heal();
  await sim.advance(120_000);
  expect(meanwhile).toEqual([{ reaped: 'settled' }, null]);
  expect(sim.store.runs('index')[0]?.outcome).toMatchObject({ kind: 'finished', value: 'kept' });
});

test('a simulated day calls no function, and says that it has none', async () => {
  let calls = 0;
  const units = [job({ id: 'index', run: () => void calls++ })];
  const day = await simulate({ units, steps: [{ do: 'up' }] });
  expect([day.outcomes('index'), calls]).toEqual([['launch-failed'], 0]);
});
