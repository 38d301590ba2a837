import { expect, test } from 'vitest';
import type { JournaledEvent } from '../../src/machines/events.ts';
import { type MachineName, machines } from '../../src/machines/machines.ts';
import { createStepper, stateHash } from '../../src/machines/step.ts';
import type { Entry } from '../../src/store/rows.ts';
import { Simulation } from '../support/simulation.ts';
import { aJob, aServer, aWatcher } from '../support/specs.ts';

const UNITS = [
  aServer('db'),
  aServer('api', { after: { db: 'ready' }, group: 'back' }),
  aServer('flaky', { ready: null, group: 'back', restart: { when: 'always', max: 1_000, backoff: { max: '1s' } } }),
  aJob('build', { timeout: '300ms', retry: { max: 3 } }),
  aWatcher('reload', { restart: ['db'] }),
];

/** What the machine says of each entry, in place of what was recorded of it. */
function folded(sim: Simulation, unitId: string, name: MachineName): readonly Entry[] {
  const spec = UNITS.find(({ id }) => id === unitId) ?? {};
  const stepper = createStepper(machines[name], { id: '', epoch: '', spec: {} });
  let state = stepper.begin({ id: unitId, epoch: '', spec }).next;
  return [...sim.store.journal({ unitId })].map((entry) => {
    const { event, atMs, monoMs, seq } = entry;
    if (event.type === 'unit.added') {
      state = stepper.restore(entry.value, { ...entry.patch, spec });
      return entry;
    }
    const { next, patch, commands } = stepper.step(state, { ...event, atMs, monoMs, seq } as JournaledEvent);
    state = next;
    return { ...entry, value: next.value, patch, commands, stateHash: stateHash(next.value, next.context) };
  });
}

test('folding a journal with the same machines gives every recorded state, change and command again', async () => {
  const behaviours = { flaky: { diesAfterMs: 120, exit: { code: 3 } }, db: { readyAfterMs: 150 } };
  const sim = await Simulation.open({ units: UNITS, behaviours, groups: { back: { strategy: 'rest-for-one' } } });
  await sim.up();
  for (let round = 0; round < 40; round++) {
    sim.ask((['api', 'build', 'db', 'reload'] as const)[round % 4]!, round % 3 === 0 ? 'restart' : 'start');
    await sim.advance(170);
    // Every day has its crash.
    if (round % 10 === 9) {
      sim.crash();
      await sim.open();
    }
  }
  sim.down();
  await sim.advance(5_000);

  for (const { id, kind } of UNITS) expect(folded(sim, id, kind)).toEqual([...sim.store.journal({ unitId: id })]);
  const supervisor = [...sim.store.journal({ unitId: '' })];
  expect(folded(sim, '', 'supervisor')).toEqual(supervisor);
  expect(supervisor.length).toBeGreaterThan(10);
});
