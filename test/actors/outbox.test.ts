import { expect, test } from 'vitest';
import { live, recorded } from '../support/recorded.ts';
import { Simulation } from '../support/simulation.ts';
import { aServer } from '../support/specs.ts';

/** What a launch that was ordered leaves in the outbox until somebody has answered it. */
const waiting = ({ store }: Simulation): readonly string[] =>
  store.outbox().map(({ unitId, command }) => `${unitId} ${command.type}`);

test('a launch is in the outbox until it is answered, however often we die in between', async () => {
  const behaviours = { a: { launch: { afterMs: 200 } }, b: { launch: 'hangs' as const } };
  const sim = await Simulation.open({ units: [aServer('a'), aServer('b')], behaviours });
  await sim.up();
  const seen = [waiting(sim)];
  for (const _ of [1, 2]) {
    sim.crash();
    await sim.open();
    await sim.settle();
    seen.push(waiting(sim));
    expect(recorded(sim)).toEqual(live(sim));
  }
  await sim.advance(1_000);
  seen.push(waiting(sim));
  sim.world.behave('b', {});
  sim.crash();
  await sim.open();
  await sim.settle();
  seen.push(waiting(sim));
  const both = ['a launch', 'b launch'];
  expect(seen).toEqual([both, both, both, ['b launch'], []]);
});

test('what an earlier version left in it of a unit at rest goes with the next entry of that unit', async () => {
  const sim = await Simulation.open({ units: [aServer('a', { restart: 'never' })] });
  await sim.up();
  const [{ seq } = { seq: 0 }] = [...sim.store.journal({ unitId: 'a' })].slice(-1);
  const nothing = { timersSet: [], timersCleared: [], outboxDone: [], runsOrdered: [], runsStarted: [], runsEnded: [] };
  const row = { seq, index: 0, unitId: 'a', command: { type: 'launch' } } as const;
  sim.crash();
  sim.store.commit({ ...nothing, unitsAdded: [], unitsRemoved: [], entries: [], snapshots: [], outboxAdded: [row] });
  await sim.open();
  sim.world.kill('a', 'SIGKILL');
  await sim.settle();
  expect([waiting(sim), recorded(sim)]).toEqual([[], live(sim)]);
});
