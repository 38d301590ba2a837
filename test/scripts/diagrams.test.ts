import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { diagrams } from '../../scripts/diagrams.ts';
import { dotOf } from '../../scripts/machines/dot.ts';
import { mermaidOf } from '../../scripts/machines/mermaid.ts';
import { graphOf } from '../../src/machines/definition.ts';
import { machines } from '../../src/machines/machines.ts';

const root = new URL('../../', import.meta.url);
const drawn = await diagrams();

test.each([...drawn.keys()])('%s shows what the machine does (else: npm run diagrams)', (path) => {
  expect(readFileSync(new URL(path, root), 'utf8')).toBe(drawn.get(path));
});

test.each(Object.entries(machines))(
  'the drawing of a %s has an element for every state, to be lit up by its id',
  (name, machine) => {
    const ids = [...(drawn.get(`diagrams/${name}.svg`) ?? '').matchAll(/id="node:([^"]+)"/g)].map(([, id]) => id);
    const states = graphOf(machine).states.map(({ id }) => id);
    expect(ids.sort()).toEqual(states.filter((id) => id !== '').sort());
  },
);

const lamp = setup({ guards: { isDark: () => true }, actions: { click: () => {} } }).createMachine({
  id: 'lamp',
  initial: 'on',
  states: {
    on: {
      initial: 'warm',
      always: { guard: 'isDark', target: '.hot' },
      on: { 'lamp.touched': { actions: 'click' }, 'lamp.pressed': 'off-duty' },
      states: { warm: {}, hot: {} },
    },
    'off-duty': { on: { 'lamp.pressed': 'on' } },
  },
});

test('Mermaid gets names it can read, and no arrow from a state to one inside it, which it cannot draw', () => {
  const lines = mermaidOf(graphOf(lamp), 'A lamp', 'It is hot.').split('\n');
  expect(lines.filter((line) => line.includes('-->')).map((line) => line.trim())).toEqual([
    '[*] --> on',
    '[*] --> on_warm',
    'on_hot --> on_hot : anywhere in on<br/>[isDark]',
    'on --> off_duty : lamp.pressed',
    'off_duty --> on : lamp.pressed',
  ]);
  expect(lines).toContain('  state "off-duty" as off_duty');
});

test('Graphviz draws the arrows of a box from the note inside it, and cuts those that come in at its border', () => {
  const arrows = dotOf(graphOf(lamp), 'A lamp', 'a < b').match(/^ {2}"[^"]+" -> "[^"]+"|lhead="[^"]+"/gm);
  expect(arrows).toEqual([
    '  "initial:" -> "on.warm"',
    'lhead="cluster:on"',
    '  "whole:on" -> "on.hot"',
    '  "whole:on" -> "off-duty"',
    '  "off-duty" -> "on.warm"',
    'lhead="cluster:on"',
  ]);
});
