import { expect, test } from 'vitest';
import { Simulation } from '../support/simulation.ts';
import { aServer } from '../support/specs.ts';

test('a unit that was led out of one quarantine is ended from the next one, too', async () => {
  const sim = await Simulation.open({ units: [aServer('a')] });
  await sim.up();
  const quarantine = (): void => {
    sim.orchestrator.registry.get('a')!.quarantined = 'for a test';
  };
  quarantine();
  const restarted = sim.ask('a', 'restart');
  await sim.advance(1_000);
  quarantine();
  const down = sim.down();
  await sim.advance(1_000);
  expect([restarted.answer, down.answer, sim.world.pidsAlive()]).toEqual(['done', 'done', []]);
});

test('a machine that fails in the very tick that stops everything is stopped all the same', async () => {
  const sim = await Simulation.open({ units: [aServer('a'), aServer('b')] });
  await sim.up();
  const actor = sim.orchestrator.registry.get('a')!;
  const step = (): never => {
    throw new Error('a bug in a machine');
  };
  Object.assign(actor, { stepper: { ...actor.stepper, step } });
  const down = sim.down();
  await sim.advance(1_000);
  expect([down.answer, sim.world.pidsAlive()]).toEqual(['done', []]);
});

test('a unit that is at rest once it is let go of holds up no shutdown', async () => {
  const units = [aServer('a'), aServer('waits', { after: { a: 'ready' } })];
  const sim = await Simulation.open({ units, behaviours: { a: { readyAfterMs: null } } });
  await sim.up();
  sim.orchestrator.registry.get('waits')!.quarantined = 'for a test';
  const down = sim.down();
  await sim.advance(1_000);
  expect([down.answer, sim.world.pidsAlive()]).toEqual(['done', []]);
});

test('a machine that fails again while it is made to end keeps no shutdown waiting', async () => {
  const behaviours = { bad: { onTerminate: { afterMs: 100 } } };
  const sim = await Simulation.open({ units: [aServer('bad')], behaviours });
  await sim.up();
  sim.orchestrator.registry.get('bad')!.quarantined = 'for a test';
  const down = sim.down();
  await sim.settle();
  const bad = sim.orchestrator.registry.get('bad')!;
  const step = (): never => {
    throw new Error('a bug in a machine');
  };
  Object.assign(bad, { stepper: { ...bad.stepper, step } });
  await sim.advance(10_000);
  expect([bad.released, down.answer]).toEqual([true, 'done']);
});

test('a driver that never answers keeps nobody from closing', async () => {
  const sim = await Simulation.open({ units: [aServer('a')] });
  sim.faults.plan({ call: 'launch', how: 'never-answers' });
  await sim.up();
  const before = sim.clock.monoMs();
  await sim.leave();
  expect([sim.logged.at(-1), sim.clock.monoMs() - before]).toEqual([
    '1 commands are not answered after 10000 ms: their drivers hang',
    10_000,
  ]);
});
