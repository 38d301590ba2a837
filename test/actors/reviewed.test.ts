import { expect, test } from 'vitest';
import { Simulation } from '../support/simulation.ts';
import { aJob, aServer, aWatcher } from '../support/specs.ts';

/** Sequences that once went wrong, each found by thinking of the worst moment. */

const nothing = { timersSet: [], timersCleared: [], outboxAdded: [], outboxDone: [], runsOrdered: [] };
const noUnits = { unitsAdded: [], unitsRemoved: [], snapshots: [], runsStarted: [], runsEnded: [] };

test('a second down stops what was started after the first one', async () => {
  const sim = await Simulation.open({ units: [aServer('a')] });
  await sim.up();
  sim.down();
  await sim.settle();
  sim.ask('a', 'start');
  await sim.settle();
  const down = sim.down();
  await sim.advance(1_000);
  expect([down.answer, sim.world.pidsAlive()]).toEqual(['done', []]);
});

test('a start in the tick in which its unit is terminated launches nothing', async () => {
  const sim = await Simulation.open({ units: [aServer('a')] });
  const asked = [sim.ask('a', 'terminate'), sim.ask('a', 'start')];
  await sim.settle();
  expect({
    answers: asked.map(({ answer }) => answer),
    launches: sim.world.launches.length,
    open: sim.store.openRuns(),
  }).toEqual({ answers: ['done', 'UnknownUnit'], launches: 0, open: [] });
});

test('down ends a unit whose state the code does not know any more', async () => {
  const sim = await Simulation.open({ units: [aServer('a')] });
  await sim.up();
  sim.crash();
  const newest = [...sim.store.journal({ unitId: 'a' })].at(-1)!;
  const entry = { ...newest, seq: sim.store.lastSeq() + 1, aseq: newest.aseq + 1, value: 'a state of long ago' };
  sim.store.commit({ ...nothing, ...noUnits, entries: [entry] });
  await sim.open();
  const down = sim.down();
  await sim.advance(10_000);
  expect([down.answer, sim.world.pidsAlive()]).toEqual(['done', []]);
});

test('a context from before a key was added is completed, and recovered again after that', async () => {
  const sim = await Simulation.open({ units: [aServer('a')] });
  await sim.up();
  sim.crash();
  const actor = [...sim.store.journal({ unitId: 'a' })].at(-1)!;
  const [stored] = sim.store.snapshots('a');
  const { took: _, ...older } = stored!.context;
  const seq = sim.store.lastSeq() + 1;
  const state = { seq, aseq: actor.aseq + 1, definition: 'older', stateHash: 'older', value: actor.value };
  const { run, desired, generation } = Object.assign(
    {},
    ...[...sim.store.journal({ unitId: 'a' })].map((e) => e.patch),
  );
  const context = { ...older, run, desired, generation };
  const entry = { ...actor, ...state, patch: {}, commands: [] };
  sim.store.commit({ ...nothing, ...noUnits, entries: [entry], snapshots: [{ ...stored!, ...state, context }] });
  await sim.open();
  await sim.settle();
  sim.crash();
  await sim.open();
  const stopped = sim.ask('a', 'stop');
  await sim.advance(1_000);
  expect([stopped.answer, sim.orchestrator.registry.get('a')?.quarantined]).toEqual(['done', null]);
});

test('a run that could not be looked at once can still be ended', async () => {
  const sim = await Simulation.open({ units: [aServer('a')] });
  await sim.up();
  sim.crash();
  sim.sightFails = true;
  await sim.open();
  sim.sightFails = false;
  await sim.settle();
  const stopped = sim.ask('a', 'stop');
  await sim.advance(20_000);
  expect([stopped.answer, sim.world.pidsAlive()]).toEqual(['done', []]);
});

test('a unit that is quarantined while everything stops is stopped all the same', async () => {
  const sim = await Simulation.open({ units: [aServer('a')], behaviours: { a: { onTerminate: { afterMs: 100 } } } });
  await sim.up();
  const stopped = sim.ask('a', 'stop');
  await sim.settle();
  const down = sim.down();
  await sim.settle();
  const actor = sim.orchestrator.registry.get('a')!;
  const step = (): never => {
    throw new Error('a bug in a machine');
  };
  Object.assign(actor, { stepper: { ...actor.stepper, step } });
  await sim.advance(20_000);
  expect([stopped.answer, down.answer, sim.world.pidsAlive()]).toEqual(['Quarantined', 'done', []]);
});

test('every start of a unit that waits in vain is answered', async () => {
  const units = [aServer('db', { ready: null, restart: 'never' }), aServer('api', { after: { db: 'running' } })];
  const sim = await Simulation.open({ units, behaviours: { db: { diesAfterMs: 0, exit: { code: 1 } } } });
  sim.ask('db', 'start');
  await sim.advance(10);
  const first = sim.ask('api', 'start');
  await sim.settle();
  const second = sim.ask('api', 'start');
  await sim.settle();
  expect([first.answer, second.answer]).toEqual(['DependencyFailed', 'DependencyFailed']);
});

test('two members of a group that die together wait for their own backoff', async () => {
  const flaky = (id: string) => aServer(id, { group: 'g', ready: null, restart: { when: 'always', max: 1_000 } });
  const behaviours = { a: { diesAfterMs: 0, exit: { code: 1 } }, b: { diesAfterMs: 0, exit: { code: 1 } } };
  const groups = { g: { strategy: 'one-for-all' as const } };
  const sim = await Simulation.open({ units: [flaky('a'), flaky('b')], behaviours, groups });
  await sim.up();
  await sim.advance(10_000);
  expect(sim.world.launches.length).toBeLessThan(40);
});

test('a job that is added takes no group its strategy', async () => {
  const members = ['a', 'b'].map((id) => aServer(id, { group: 'g', ready: null }));
  const sim = await Simulation.open({ units: members, groups: { g: { strategy: 'one-for-all' } } });
  sim.orchestrator.add([aJob('build')]);
  await sim.up();
  sim.world.kill('a', 'SIGKILL');
  await sim.advance(1_000);
  expect(sim.orchestrator.registry.get('b')?.snapshot.context.generation).toBe(2);
});

test('a watcher does not start what a person stopped while it was coming back', async () => {
  const units = [aServer('api', { ready: null }), aWatcher('reload', { restart: ['api'] })];
  const sim = await Simulation.open({ units, behaviours: { api: { diesAfterMs: 0, exit: { code: 1 } } } });
  await sim.up();
  await sim.advance(1);
  expect(sim.value('api')).toEqual({ reaped: 'backoff' });
  sim.ask('api', 'stop');
  await sim.settle();
  sim.orchestrator.recorder.accept('reload', { type: 'watch.observed', generation: 1, what: ['a.ts'] });
  await sim.advance(1_000);
  expect(sim.value('api')).toEqual({ reaped: 'settled' });
});
