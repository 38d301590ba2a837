import { readdirSync, readlinkSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { conditionOf, identityOf } from '../../../src/adapters/system/identity.ts';
import { readProcessTable } from '../../../src/adapters/system/process-table.ts';
import { sendSignal } from '../../../src/adapters/system/signal.ts';
import { gone, guardians, STOP, soon } from './guardians.ts';
import { closeRigs } from './rig.ts';
import { openSpawned, spawnerOf } from './spawners.ts';

afterEach(closeRigs);

const SPAWNER_ENDED = 'the spawner has ended; the next launch starts another';

/** A run that is to end with us, and the guardian that a spawner has started for it. */
async function guarded() {
  const rig = await openSpawned();
  const spawner = identityOf(await spawnerOf(rig));
  const { launched } = await rig.launch({ command: ['sleep', '1000'], ...STOP });
  const [guardian] = readProcessTable().filter(({ pid }) => guardians(rig).includes(pid));
  if (guardian?.parentPid !== spawner.pid) throw new Error(`a spawner has not started it, but ${guardian?.parentPid}`);
  const endSpawner = async () => {
    sendSignal(spawner, 'SIGKILL');
    await gone(spawner);
  };
  return { rig, guardian, run: launched.handle.identity!, endSpawner };
}

test('a guardian outlives the spawner that has started it, and hears of our end', async () => {
  const { rig, guardian, run, endSpawner } = await guarded();
  const open = readdirSync(`/proc/${guardian.pid}/fd`).map((fd) => readlinkSync(`/proc/${guardian.pid}/fd/${fd}`));
  expect(open.filter((path) => path.startsWith('socket:')).length).toBe(1);
  await endSpawner();
  await expect.poll(() => rig.warnings, soon).toEqual([SPAWNER_ENDED]);
  expect([guardians(rig), conditionOf(run)]).toEqual([[guardian.pid], 'running']);
  await rig.driver.close();
  await gone(run);
  await expect.poll(() => guardians(rig), soon).toEqual([]);
});

test('a guardian that a spawner has started leaves what we leave on purpose', async () => {
  const { rig, run } = await guarded();
  rig.driver.leave();
  await rig.driver.close();
  expect([guardians(rig), conditionOf(run)]).toEqual([[], 'running']);
});

test.each([
  ['while its spawner lives', false, ['the guardian has ended, by SIGKILL; another follows']],
  [
    'when nobody is left who started it',
    true,
    [SPAWNER_ENDED, 'the guardian has ended, by what nobody saw; another follows'],
  ],
])('a guardian that is killed %s is replaced', async (_, isSpawnerDead, warnings) => {
  const { rig, guardian, run, endSpawner } = await guarded();
  if (isSpawnerDead) await endSpawner();
  sendSignal(identityOf(guardian), 'SIGKILL');
  await expect.poll(() => guardians(rig).filter((pid) => pid !== guardian.pid), soon).toHaveLength(1);
  expect([rig.warnings, conditionOf(run)]).toEqual([warnings, 'running']);
});
