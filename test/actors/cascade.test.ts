import { expect, test } from 'vitest';
import type { UnitActor } from '../../src/actors/unit-actor.ts';
import type { Command } from '../../src/machines/commands.ts';
import { Simulation } from '../support/simulation.ts';
import { aServer } from '../support/specs.ts';

const COUNT = 2_000;

/** Lets a machine tell another unit something with everything it does. */
function tells(actor: UnitActor, to: string): void {
  const { stepper } = actor;
  const event = { type: 'stop.requested', requestId: null, by: actor.id } as const;
  const tell: Command = { type: 'tell', params: { to, event } };
  const step: typeof stepper.step = (...given) => ({ ...stepper.step(...given), commands: [tell] });
  Object.assign(actor, { stepper: { ...stepper, step } });
}

test(`a down of ${COUNT} units that wait for each other in a row ends them all`, async () => {
  const units = Array.from({ length: COUNT }, (_, index) =>
    aServer(`u${index}`, index === 0 ? {} : { after: { [`u${index - 1}`]: 'ready' } }),
  );
  const sim = await Simulation.open({ units, behaviours: { u0: { readyAfterMs: null } } });
  await sim.up();
  const down = sim.down();
  await sim.advance(1_000);
  expect([down.answer, sim.world.pidsAlive(), sim.logged]).toEqual(['done', [], []]);
}, 60_000);

test('units that wake each other for ever are a fault of the one that would go on, and of no other', async () => {
  const sim = await Simulation.open({ units: [aServer('a'), aServer('b'), aServer('c')] });
  const { registry, recorder } = sim.orchestrator;
  tells(registry.get('a')!, 'b');
  tells(registry.get('b')!, 'a');
  const [first, other] = [sim.ask('a', 'stop'), sim.ask('c', 'start')];
  await sim.settle();
  const loop = sim.entries.filter(({ event }) => 'by' in event && (event.by === 'a' || event.by === 'b'));
  expect({
    answers: [first.answer, other.answer],
    quarantined: [...registry.units()].flatMap(({ id, quarantined }) => (quarantined === null ? [] : id)),
    loop: loop.length,
    isWritten: recorder.lastSeq === sim.store.lastSeq(),
  }).toEqual({ answers: ['waiting', 'done'], quarantined: ['b'], loop: 1_000, isWritten: true });
});
