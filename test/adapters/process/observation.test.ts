import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { type Observation, observeRun } from '../../../src/adapters/process/observation.ts';
import { patrolRuns } from '../../../src/adapters/process/patrol.ts';
import { runPaths } from '../../../src/adapters/process/run-directory.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { identify } from '../../../src/adapters/system/identity.ts';
import { closeRigs, openRig } from './rig.ts';

afterEach(closeRigs);

test('a living run whose liveness descriptor is closed is looked at often from then on', async () => {
  const rig = await openRig();
  const call = rig.call({});
  const paths = runPaths(rig.stateDir, call.run.runId);
  mkdirSync(paths.directory);
  writeFileSync(paths.claim, '');
  // The command is this process, which lives, and nobody holds the FIFO.
  const { bootId, pidNamespace, pid, startTicks } = identify(process.pid)!;
  writeFileSync(paths.record, `run 1 ${bootId} ${pidNamespace}\nchild ${pid} ${startTicks}\n\n`);
  execFileSync('mkfifo', [paths.alive]);
  const said: string[] = [];
  const hurried = Promise.withResolvers<void>();
  const observation = observeRun(
    { call, paths, adopted: true, announced: false },
    {
      report: ({ fact }) => void said.push(fact.type),
      withWords: (exit) => exit,
      wallMs: () => 0,
      over: () => void said.push('over'),
      hurry: hurried.resolve,
    },
  );
  expect(observation.blind).toBe(false);
  await hurried.promise;
  expect([observation.blind, observation.over, said]).toEqual([true, false, ['run.launched']]);
  observation.close();
});

test('the patrol looks seldom where events tell, often where none do, and not at all where nothing runs', () => {
  const waits: number[] = [];
  const setTimer = (ms: number) => {
    waits.push(ms);
    return () => {};
  };
  const clock = { ...systemClock(), setTimer };
  const observations = new Map<string, Observation>();
  const patrol = patrolRuns(clock, observations);
  const observed = (blind: boolean) => ({ blind }) as Observation;
  patrol.hurry();
  observations.set('a', observed(false));
  patrol.hurry();
  observations.set('b', observed(true));
  patrol.hurry();
  patrol.close();
  patrol.hurry();
  expect(waits).toEqual([2_000, 50]);
});
