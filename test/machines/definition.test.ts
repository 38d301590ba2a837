import { expect, test } from 'vitest';
import { and, not, setup } from 'xstate';
import { ANONYMOUS, canonicalJson, definitionHash, graphOf } from '../../src/machines/definition.ts';

const base = setup({
  actions: { ring: () => {}, startTimer: (_scope, _params: { timer: string; ms: number }) => {} },
  guards: { isDark: () => true, isLate: () => true },
});

const lamp = base.createMachine({
  id: 'lamp',
  initial: 'off',
  states: {
    off: { description: 'Saves power.', on: { press: { target: 'on', guard: 'isDark' } } },
    on: {
      tags: ['lit'],
      initial: 'warm',
      entry: { type: 'startTimer', params: { timer: 'sleep', ms: 5 } },
      exit: ['ring'],
      always: { guard: and(['isLate', not('isDark')]), target: 'off' },
      on: {
        press: [
          { guard: 'isLate', actions: 'ring' },
          { target: 'on', reenter: true },
        ],
      },
      states: { warm: { on: { heat: 'hot' } }, hot: {} },
    },
  },
});

const withOn = (on: object) =>
  base.createMachine({ id: 'lamp', initial: 'off', states: { off: { on }, on: {} } } as Parameters<
    typeof base.createMachine
  >[0]);

test('a graph has every state with its place, and every transition, the eventless ones too', () => {
  const timer = { type: 'startTimer', params: { timer: 'sleep', ms: 5 } };
  const plain = { entry: [], exit: [], tags: [] };
  expect(graphOf(lamp)).toEqual({
    id: 'lamp',
    states: [
      { id: '', parent: null, type: 'compound', initial: 'off', ...plain },
      { id: 'off', parent: '', type: 'atomic', initial: null, ...plain, description: 'Saves power.' },
      {
        id: 'on',
        parent: '',
        type: 'compound',
        initial: 'on.warm',
        entry: [timer],
        exit: [{ type: 'ring' }],
        tags: ['lit'],
      },
      { id: 'on.warm', parent: 'on', type: 'atomic', initial: null, ...plain },
      { id: 'on.hot', parent: 'on', type: 'atomic', initial: null, ...plain },
    ],
    edges: [
      edge({ source: 'off', event: 'press', guard: 'isDark', targets: ['on'] }),
      edge({ source: 'on', kind: 'always', event: null, guard: 'and(isLate, not(isDark))', targets: ['off'] }),
      edge({ source: 'on', event: 'press', guard: 'isLate', actions: [{ type: 'ring' }] }),
      edge({ source: 'on', event: 'press', targets: ['on'], reenter: true, order: 1 }),
      edge({ source: 'on.warm', event: 'heat', targets: ['on.hot'] }),
    ],
  });
});

test('a function without a name is shown as one, and computed params are left out', () => {
  const machine = withOn({
    press: { guard: () => true, actions: [() => {}, { type: 'ring', params: () => ({ a: 1 }) }] },
  });
  expect(graphOf(machine).edges).toEqual([
    edge({ source: 'off', event: 'press', guard: ANONYMOUS, actions: [{ type: ANONYMOUS }, { type: 'ring' }] }),
  ]);
});

test.each([
  ['a target', { press: 'off' }],
  ['a guard', { press: { target: 'on', guard: 'isDark' } }],
  ['an action', { press: { target: 'on', actions: 'ring' } }],
  ['a literal param', { press: { target: 'on', actions: { type: 'startTimer', params: { timer: 'sleep', ms: 6 } } } }],
  ['an event', { pull: 'on' }],
  ['the order of two answers', { press: [{ target: 'off', guard: 'isDark' }, { target: 'on' }] }],
])('the hash changes with %s', (_what, on) => {
  const reordered = { press: [{ target: 'on' }, { target: 'off', guard: 'isDark' }] };
  const others = [
    { press: 'on' },
    reordered,
    { press: { target: 'on', actions: { type: 'startTimer', params: { timer: 'sleep', ms: 5 } } } },
  ];
  expect(others.map((other) => definitionHash(withOn(other)))).not.toContain(definitionHash(withOn(on)));
});

test('the hash of a definition is the same in every process, and blind to the order of keys', () => {
  const params = { type: 'startTimer', params: { timer: 'sleep', ms: 5 } };
  const turned = { type: 'startTimer', params: { ms: 5, timer: 'sleep' } };
  expect(definitionHash(withOn({ press: { actions: turned } }))).toBe(
    definitionHash(withOn({ press: { actions: params } })),
  );
  expect(definitionHash(lamp)).toBe('624f5d106867c8b1');
  expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[{"c":2,"d":1}]}');
});

function edge(fields: object) {
  return { targets: [], kind: 'event', guard: null, actions: [], reenter: false, order: 0, ...fields };
}
