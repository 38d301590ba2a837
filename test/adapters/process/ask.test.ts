import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { conditionOf, identify } from '../../../src/adapters/system/identity.ts';
import { gone, soon } from './guardians.ts';
import { again, closeRigs, openRig } from './rig.ts';

afterEach(closeRigs);

/** A run that is asked to end, by somebody who would ask for a long time. */
async function asked() {
  const rig = await openRig();
  const ask = { exec: ['/bin/sh', '-c', 'echo $$ >new; mv new asker; exec sleep 1000'] };
  const { call, launched } = await rig.launch({ command: ['sleep', '1000'], stop: { ask, grace: '10m' } });
  await rig.driver.endRun(again(call, launched.handle), 'ask');
  const pid = () => Number(readFileSync(join(rig.stateDir, 'asker'), 'utf8'));
  await expect.poll(pid, soon).toBeGreaterThan(0);
  return { rig, call, asker: identify(pid())!, command: launched.handle.identity! };
}

test('who asks a run to end is ended with it: the next run is not what was meant', async () => {
  const { rig, call, asker, command } = await asked();
  expect(conditionOf(asker)).toBe('running');
  process.kill(command.pid, 'SIGKILL');
  await rig.fact('run.exited', call);
  await gone(asker);
  expect(rig.facts.map(({ type }) => type)).toEqual(['run.launched', 'run.exited']);
});

test('closing waits for nobody who asks, and leaves none of them', async () => {
  const { rig, asker, command } = await asked();
  rig.driver.leave();
  await rig.driver.close();
  expect([conditionOf(asker), conditionOf(command)]).toEqual(['gone', 'running']);
});
