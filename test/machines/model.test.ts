import { describe, expect, test } from 'vitest';
import { type AnyMachineSnapshot, type AnyStateMachine, createActor, setup } from 'xstate';
import { type JournaledEvent, SUPERVISOR_EVENTS, UNIT_EVENTS } from '../../src/machines/events.ts';
import { machines } from '../../src/machines/machines.ts';
import type { UnitSpec } from '../../src/machines/spec.ts';
import { createStepper } from '../../src/machines/step.ts';
import { type Model, placesOf, shortestPaths, stuckPlaces, unnamed, unreachedLeaves } from '../support/model.ts';
import { aJob, aServer, aWatcher } from '../support/specs.ts';
import { coarseKey, everyUnitEvent } from '../support/unit-events.ts';

/** Between them, they take each side of each guard that asks for the spec. */
/** A watcher that polls proves itself by its first observation. */
const POLLING = { poll: { every: 1_000 } };
const orderly = { after: { db: 'ready' } };
const again = { ...orderly, keepDescendants: true };
const reload = (more: object): UnitSpec => aWatcher('reload', { restart: ['web'] }, more);
const UNITS: readonly (readonly [name: string, machine: AnyStateMachine, specs: readonly UnitSpec[]])[] = [
  ['server', machines.server, [aServer('web', { restart: 'always', ...again }), withIdleAndAsk(aServer('web'))]],
  [
    'job',
    machines.job,
    [
      aJob('build', { retry: { max: 1 }, ready: { tcp: 1 }, delay: '1s', queue: 'builds', ...again }),
      withIdleAndAsk(aJob('build')),
    ],
  ],
  ['watcher', machines.watcher, [reload(orderly), withIdleAndAsk({ ...reload({}), ...POLLING })]],
];

describe.each(UNITS)('the machine of a %s', (_name, machine, specs) => {
  const models: readonly Model[] = specs.map((spec) => ({
    machine,
    input: { id: spec.id, epoch: 'e', spec },
    eventsIn: everyUnitEvent,
    keyOf: coarseKey,
  }));
  const explorations = models.map(placesOf);

  test('comes to every one of its states', () => {
    expect(unreachedLeaves(machine, explorations)).toEqual([]);
  });

  test('can come to rest from wherever it is', () => {
    expect(explorations.flatMap((places) => stuckPlaces(places, 'reaped.settled'))).toEqual([]);
  });

  test('steps along every shortest path as an actor of XState does', () => {
    for (const model of models) {
      for (const { steps } of shortestPaths(model)) {
        const stepper = createStepper(machine, model.input);
        const actor = createActor(machine, { input: model.input as never }).start();
        let ours = stepper.begin(model.input).next;
        for (const { event } of steps) {
          ours = stepper.step(ours, event as JournaledEvent).next;
          actor.send(event);
        }
        const theirs = actor.getSnapshot();
        expect(shownOf(ours)).toEqual(shownOf(theirs));
        actor.stop();
      }
    }
  });
});

const shownOf = ({ value, context, tags, status }: AnyMachineSnapshot) => ({ value, context, tags, status });

test.each(Object.entries(machines))('everything the machine of a %s does and asks has a name', (_name, machine) => {
  expect(unnamed(machine)).toEqual([]);
});

test.each(Object.entries(machines))('the machine of a %s cannot run in circles for ever', (_name, machine) => {
  expect(machine.options?.maxIterations).toBeLessThanOrEqual(1_000);
});

test('units handle the declared events, all of them and no others', () => {
  const handled = new Set(UNITS.flatMap(([, machine]) => machine.events as readonly string[]));
  expect([...handled].sort()).toEqual([...UNIT_EVENTS].sort());
  expect([...machines.supervisor.events].sort()).toEqual([...SUPERVISOR_EVENTS].sort());
});

test('the samples hold every event a unit may be sent', () => {
  const sampled = new Set(
    everyUnitEvent(createActor(machines.server, { input: inputOf('web') }).getSnapshot()).map(({ type }) => type),
  );
  expect([...sampled].sort()).toEqual([...UNIT_EVENTS].sort());
});

describe('the explorer', () => {
  const trap = setup({ guards: { never: () => false } }).createMachine({
    id: 'trap',
    initial: 'out',
    states: {
      out: { on: { enter: 'deciding', peek: { target: 'hidden', guard: 'never' } } },
      deciding: { always: 'in' },
      in: { on: { shout: { actions: () => {}, guard: () => true } } },
      hidden: { on: { enter: 'out' } },
    },
  });
  const model: Model = {
    machine: trap,
    input: undefined,
    eventsIn: () => ['enter', 'peek', 'shout'].map((type) => ({ type })),
    keyOf: ({ value }) => JSON.stringify(value),
  };

  test('names states that nothing leads to, but not those that are passed through', () => {
    expect(unreachedLeaves(trap, [placesOf(model)])).toEqual(['hidden']);
  });

  test('names places there is no way back from', () => {
    expect(stuckPlaces(placesOf(model), 'out')).toEqual(['"in"']);
    expect(stuckPlaces(placesOf(model), 'in')).toEqual([]);
  });

  test('names what has no name', () => {
    expect(unnamed(trap)).toEqual(['in on shout']);
  });

  test('walks the shortest way', () => {
    const ways = shortestPaths(model).map(({ steps }) => steps.map(({ event }) => event.type));
    expect(ways).toEqual([['enter']]);
  });
});

function inputOf(id: string) {
  return { id, epoch: 'e', spec: aServer(id) };
}

/** The machines know these already; specs from outside are still refused. */
function withIdleAndAsk(spec: UnitSpec): UnitSpec {
  const stop = { ask: { exec: ['drain'] }, signal: 'SIGTERM', grace: 1_000 };
  const then: 'stop' = 'stop';
  return { ...spec, stop, idle: { after: 1_000, then, activity: ['output'] } } as UnitSpec;
}
