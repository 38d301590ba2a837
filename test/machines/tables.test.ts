import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { tableOf } from '../../scripts/machines/table.ts';
import { tables } from '../../scripts/tables.ts';
import { graphOf } from '../../src/machines/definition.ts';

const root = new URL('../../', import.meta.url);

test.each([...tables()])('%s shows what the machine does (else: npm run tables)', (path, text) => {
  expect(readFileSync(new URL(path, root), 'utf8')).toBe(text);
});

test('no table is left of a machine that is gone', () => {
  const kept = readdirSync(new URL('test/machines/', root)).filter((name) => name.endsWith('.table.md'));
  expect(kept.map((name) => `test/machines/${name}`).sort()).toEqual([...tables().keys()].sort());
});

test('a cell tells going, staying, entering again, doing nothing, inheriting and never being asked apart', () => {
  const door = setup({ guards: { isLocked: () => true }, actions: { ring: () => {} } }).createMachine({
    id: 'door',
    initial: 'shut',
    on: { 'bell.rung': { actions: 'ring' }, 'door.pulled': { target: '.open' } },
    states: {
      shut: { on: { 'door.pulled': { guard: 'isLocked', actions: 'ring' }, 'bell.rung': {} } },
      open: {
        initial: 'deciding',
        on: { 'door.pushed': { guard: 'isLocked', target: 'shut' }, 'door.kicked': { target: 'open', reenter: true } },
        states: { deciding: { always: 'wide' }, wide: {} },
      },
    },
  });
  const events = ['bell.rung', 'door.pulled', 'door.pushed', 'door.kicked', 'door.painted'];
  const lines = tableOf({ graph: graphOf(door), definition: 'd', events }).split('\n');
  const cells = lines.filter((line) => line.startsWith('| `') && line.split('|').length === 7);
  expect(
    cells.map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    ),
  ).toEqual([
    ['`shut`', '∅', '• / open', '·', '·'],
    ['`open.deciding`', '–', '–', '–', '–'],
    ['`open.wide`', '•', 'open', 'shut / ·', '↻'],
  ]);
  expect(lines).toContain('Means nothing in any state: `door.painted`.');
});
