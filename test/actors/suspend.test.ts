import { expect, test } from 'vitest';
import { Simulation } from '../support/simulation.ts';
import { aJob, aServer } from '../support/specs.ts';

test('ten minutes in which the machine sleeps end, restart and time out nothing that is well', async () => {
  const alive = { tcp: 1, every: '1s', timeout: '1s', failures: 2 };
  const units = [
    aServer('web', { alive, idle: { after: '1m', then: 'restart' } }),
    aServer('slow', { ready: { tcp: 1, within: '30s' } }),
    aJob('build', { timeout: '5m' }),
    aJob('later', { delay: '2m' }),
    aJob('next', { queue: 'builds' }),
    aJob('last', { queue: 'builds' }),
  ];
  const sim = await Simulation.open({ units, behaviours: { slow: { readyAfterMs: 20_000 } } });
  await sim.up();
  await sim.advance(5_000);
  const [before, launches] = [sim.values(), sim.world.launches.length];
  sim.clock.suspend(600_000);
  await sim.advance(5_000);
  expect([sim.values(), sim.world.launches.length]).toEqual([before, launches]);
  await sim.advance(20_000);
  expect(sim.value('slow')).toEqual({ running: 'healthy' });
  const ended = sim.entries.filter(({ event }) => event.type === 'run.exited' || event.type === 'probe.failed');
  expect(ended.filter(({ unitId }) => unitId !== 'slow')).toEqual([]);
});
