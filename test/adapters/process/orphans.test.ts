import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { inSlices, type Marked } from '../../../src/adapters/process/marked.ts';
import { orphanedRuns } from '../../../src/adapters/process/orphans.ts';

const OWNER = 'orphans-test';
const household = { ownerId: OWNER, openRuns: ['e.1'], sparedUnits: ['spared'] };

/** A process that says it belongs to a run. */
function marked(unitId: string, runId: string): Marked {
  const marker = `REEVE_RUN=${OWNER}/${unitId}/${runId}`;
  const child = spawn('sleep', ['1000'], { env: { ...process.env, REEVE_RUN: marker.slice(10) }, stdio: 'ignore' });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return { pid: child.pid ?? 0, ownerId: OWNER, unitId, runId, marker };
}

test('whoever else has something to do does it while all processes are looked at', async () => {
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const all = Array.from({ length: 500 }, (_, index) => index);
  expect(await inSlices(all)).toEqual(all);
  isOver = true;
  expect(turns).toBeGreaterThan(5);
});

test('only what is over, and does not leave things behind on purpose, has orphans', async () => {
  for (const [unitId, runId] of [
    ['a', 'e.1'],
    ['a', 'e.2'],
    ['spared', 'e.3'],
  ] as const)
    marked(unitId, runId);
  const expected = [{ unitId: 'a', runId: 'e.2', marker: `REEVE_RUN=${OWNER}/a/e.2` }];
  // It has to have lived for a hundredth of a second.
  await expect.poll(() => orphanedRuns(household)).toEqual(expected);
});

test('a run that begins while they are looked at is none of them, nor under the number of a dead one', async () => {
  const begins = function* () {
    yield marked('a', 'e.9');
  };
  expect(await orphanedRuns(household, begins)).toEqual([]);
});
