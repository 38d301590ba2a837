import { expect, test } from 'vitest';
import { computeTick } from '../../src/actors/tick.ts';
import { Simulation } from '../support/simulation.ts';
import { aServer } from '../support/specs.ts';

test('a deadline that was put off in the moment in which it fired has not come', async () => {
  const units = [aServer('a', { ready: { exec: ['never'], within: '1s', every: '10s' } })];
  const sim = await Simulation.open({ units, behaviours: { a: { readyAfterMs: Number.POSITIVE_INFINITY } } });
  sim.ask('a', 'start');
  await sim.advance(100);
  const { registry, recorder } = sim.orchestrator;
  const { wheel } = recorder;
  const fired = wheel.armed('a', 'start')!;
  const { generation } = registry.get('a')!.snapshot.context;
  const moment = { atMs: sim.clock.wallMs(), monoMs: fired.dueMonoMs };
  const arrival = { unitId: 'a', requestId: null, depth: 0, moment };
  const { tick } = computeTick(
    [
      { ...arrival, body: { type: 'run.progressed', generation, text: 'it loads' }, cause: null },
      { ...arrival, body: { type: 'timer.start' }, cause: fired.seq },
    ],
    sim.store.lastSeq() + 1,
    { registry, wheel, bootId: sim.clock.bootId, isDegraded: false },
  );
  expect(tick.entries.map(({ event }) => event.type)).toEqual(['run.progressed']);
  expect(tick.timersSet).toMatchObject([{ timer: 'start', dueMonoMs: fired.dueMonoMs + 1_000 }]);
});
