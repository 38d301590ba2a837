import { expect, test } from 'vitest';
import { Simulation } from '../support/simulation.ts';
import { aJob, aServer } from '../support/specs.ts';

const why = (sim: Simulation, id: string): string =>
  sim.orchestrator.registry.whyItWaits(sim.orchestrator.registry.get(id)!);

test('why a unit waits is told down to the first reason, as it is now', async () => {
  const units = [
    aServer('db'),
    aJob('migrate', { after: { db: 'ready' } }),
    aServer('api', { after: { migrate: 'finished', db: 'running' } }),
  ];
  const sim = await Simulation.open({ units, behaviours: { db: { readyAfterMs: 5_000 } } });
  await sim.up();
  await sim.advance(100);
  const first = 'db to be ready (it is waiting-health: not ready yet)';
  expect([why(sim, 'db'), why(sim, 'migrate'), why(sim, 'api')]).toEqual([
    '',
    `waits for ${first}`,
    `waits for migrate to be finished (it waits for ${first}) and ${first.replace('ready', 'running')}`,
  ]);
  await sim.advance(6_000);
  expect(why(sim, 'api')).toBe('waits for migrate to be finished (it is running)');
});

test('what will not come by itself is told, with how it ended', async () => {
  const units = [aServer('db', { restart: 'never' }), aServer('api', { after: { db: 'ready' } })];
  const sim = await Simulation.open({
    units,
    behaviours: { db: { readyAfterMs: null, diesAfterMs: 500, exit: { code: 3 } } },
  });
  await sim.up();
  await sim.advance(1_000);
  expect(why(sim, 'api')).toBe('waits for db to be ready (it is reaped: failed: not ready yet)');
});

test('a job that waits for room is told who has it', async () => {
  const ids = ['lint', 'test', 'pack', 'late'];
  const sim = await Simulation.open({});
  const units = ids.map((id) => aJob(id, { queue: 'builds', ...(id === 'late' && { delay: '1m' }) }));
  sim.orchestrator.add(units, {}, { builds: { concurrency: 2 } });
  await sim.up();
  expect(ids.map((id) => why(sim, id))).toEqual([
    '',
    '',
    'waits for room: 2 of 2 in queue builds: lint, test',
    'waits until its delay is over',
  ]);
});
