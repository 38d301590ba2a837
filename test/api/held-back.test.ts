import { expect, test } from 'vitest';
import { liveStatus } from '../../src/api/unit-handle.ts';
import { started } from '../support/fillable.ts';
import { aServer } from '../support/specs.ts';

test('a launch that waits for the store says so, and nothing else is said to wait for it', async () => {
  const units = [aServer('dies', { restart: 'always' }), aServer('lives'), aServer('slow')];
  const { sim, disk } = await started({ units, behaviours: { slow: { launch: 'hangs' } } });
  await sim.advance(1_000);
  disk.isFull = true;
  sim.world.kill('dies', 'SIGKILL');
  await sim.advance(1_000);
  const about = () =>
    units.map(({ id }) => {
      const { substate, why } = liveStatus(sim.orchestrator.registry.get(id)!, sim.orchestrator);
      return [id, substate, why];
    });
  const meanwhile = about();
  disk.isFull = false;
  await sim.advance(2_000);
  expect([meanwhile, about()[0]]).toEqual([
    [
      ['dies', 'launching', 'waits until the store can be written: Cannot write: the disk is full.'],
      ['lives', 'healthy', ''],
      ['slow', 'launching', ''],
    ],
    ['dies', 'healthy', ''],
  ]);
});
