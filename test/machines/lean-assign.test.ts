import { expect, test } from 'vitest';
import { assign, createActor, fromCallback, setup } from 'xstate';
import { createStepper } from '../../src/machines/step.ts';

const base = setup({
  types: { context: {} as { readonly count: number; readonly seen: readonly string[] }, events: {} as { type: 'go' } },
  actors: { child: fromCallback(() => {}) },
  actions: {
    ring: (): void => {},
    countOn: assign({
      count: ({ context }, { by }: { by: number }) => context.count + by,
      seen: ['on'],
    }),
  },
});
const counted = base.extend({
  actions: {
    countAgain: base.assign(({ context, event }) => ({
      count: context.count * 10,
      seen: [...context.seen, event.type],
    })),
    countLater: base.enqueueActions(({ enqueue, context }) => {
      enqueue.assign({ count: context.count + 1 });
      enqueue('ring');
    }),
    breed: base.assign(({ spawn }) => ({ seen: [spawn('child').id] })),
  },
});

const machine = counted.createMachine({
  id: 'counter',
  context: { count: 1, seen: [] },
  initial: 'off',
  states: {
    off: {
      exit: { type: 'countOn', params: { by: 2 } },
      on: { go: { target: 'on', actions: ['countAgain', 'countLater'] } },
    },
    on: { tags: 'lit', entry: counted.assign({ seen: ({ context }) => [...context.seen, 'inline'] }), on: { go: {} } },
  },
});

const GO = { type: 'go', atMs: 1, monoMs: 1, seq: 1 } as never;

test('every way to assign leaves the context, the state and the tags that XState leaves', () => {
  const stepper = createStepper(machine, undefined);
  const { next, commands } = stepper.step(stepper.begin(undefined).next, GO);
  const actor = createActor(machine).start();
  actor.send({ type: 'go' });
  const { value, context, tags } = actor.getSnapshot();
  expect({ value: next.value, context: next.context, tags: next.tags }).toEqual({ value, context, tags });
  expect(context).toEqual({ count: 31, seen: ['on', 'go', 'inline'] });
  expect(commands).toEqual([{ type: 'ring' }]);
});

test('a machine whose assignment starts an actor is told that it cannot', () => {
  const breeding = counted.createMachine({
    context: { count: 0, seen: [] },
    on: { go: { actions: 'breed' } },
  });
  const stepper = createStepper(breeding, undefined);
  expect(() => stepper.step(stepper.begin(undefined).next, GO)).toThrow(/starts no actors/);
});
