import { readlinkSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { coverInherited } from '../../../src/adapters/process/inherited-descriptors.ts';
import { readRecord } from '../../../src/adapters/process/record.ts';
import { conditionOf } from '../../../src/adapters/system/identity.ts';
import { startHost } from '../../support/host.ts';
import { guardians, soon } from './guardians.ts';
import { heirlooms } from './heirlooms.ts';
import { closeRigs, openRig } from './rig.ts';

afterEach(closeRigs);

const fixture = new URL('../../fixtures/orchestrator.ts', import.meta.url).pathname;

test('what we were born with is open in nothing that outlives us: who waits for its end hears of ours', async () => {
  const rig = await openRig();
  const { give, countIn, areHeld } = heirlooms();
  const unit = { id: 'orphan', command: ['sleep', '1000'], onOrchestratorDeath: { lease: '60s' } };
  const call = rig.call(unit, { runId: 'orphan.1' });
  const words = [rig.stateDir, rig.ownerId, JSON.stringify({ kind: 'job', cwd: rig.stateDir, ...unit })];
  const host = give((birth) => startHost([fixture, ...words], birth));
  await host.said('{"type":"run.launched"');
  const { launcher, child } = readRecord(rig.path(call, 'record'))!;
  const [guardian = 0] = guardians(rig);
  expect([host.pid, launcher!.pid, child!.pid, guardian].map(countIn)).toEqual([2, 0, 0, 0]);

  await host.end('SIGKILL');
  await expect.poll(areHeld, soon).toBe(false);
  expect([conditionOf(child!), guardians(rig)]).toEqual(['running', [guardian]]);
  // Takes over from that guardian, which would keep its lease.
  await rig.reopen();
});

test('nothing is touched where nothing was inherited, nor what has its place, nor what is too far up', () => {
  const slots = ['ignore', 'pipe', 'ignore', 5] as const;
  expect(coverInherited(slots, [])).toEqual(slots);
  const covered = coverInherited(slots, [3, 5, 1_001]);
  expect(covered).toEqual([...slots, 'ignore', expect.any(Number)]);
  expect(readlinkSync(`/proc/self/fd/${covered[5]}`)).toBe('/dev/null');
});
