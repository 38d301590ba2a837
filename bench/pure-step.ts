import { type AnyStateMachine, createActor, transition } from 'xstate';
import type { UnitInput } from '../src/machines/context.ts';
import type { JournaledEvent } from '../src/machines/events.ts';
import { serverMachine } from '../src/machines/life.ts';
import { createStepper } from '../src/machines/step.ts';
import { type Benchmark, type Contestant, compare, cpuMicrosecondsEach } from './measure.ts';
import { benchServer, EVENTS_PER_LIFE, lifeOf } from './workload.ts';

const INPUT: UnitInput = { id: 'api', epoch: 'e1', spec: benchServer('api') };

export const pureStep: Benchmark = {
  name: 'pure-step',
  run({ isQuick }) {
    const lives = isQuick ? 50 : 1_000;
    const ours = stepping(lives);
    return compare({ benchmark: 'pure-step', unit: 'µs', rounds: isQuick ? 3 : 9 }, [
      [ours, transitioning(lives)],
      [ours, sending(lives)],
    ]);
  },
};

function stepping(lives: number): Contestant {
  const stepper = createStepper(serverMachine, INPUT);
  let snapshot = stepper.begin(INPUT).next;
  return living('stepper.step', lives, (event) => {
    snapshot = stepper.step(snapshot, event).next;
  });
}

/** XState makes an actor for every call, and gives it no input. Here it gets one: without, each call would throw. */
function transitioning(lives: number): Contestant {
  const machine: AnyStateMachine = Object.create(serverMachine);
  machine.getInitialSnapshot = (scope) => serverMachine.getInitialSnapshot(scope, INPUT);
  let snapshot = createActor(machine).getSnapshot();
  return living("XState's transition()", lives, (event) => {
    [snapshot] = transition(machine, snapshot, event);
  });
}

function sending(lives: number): Contestant {
  const actor = createActor(serverMachine, { input: INPUT }).start();
  return living("XState's actor.send()", lives, (event) => actor.send(event as Parameters<typeof actor.send>[0]));
}

/** The state goes on from round to round, as that of a unit does. Its events are made before the time is taken. */
function living(label: string, lives: number, take: (event: JournaledEvent) => void): Contestant {
  let generation = 0;
  return {
    label,
    round() {
      const events: JournaledEvent[] = [];
      for (let life = 0; life < lives; life++) {
        for (const body of lifeOf(++generation))
          events.push({ ...body, atMs: generation, monoMs: generation, seq: generation });
      }
      return cpuMicrosecondsEach(lives * EVENTS_PER_LIFE, () => {
        for (const event of events) take(event);
      });
    },
  };
}
