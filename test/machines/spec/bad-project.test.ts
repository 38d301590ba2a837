import { expect, test } from 'vitest';
import { assertConsistent, decodeProject, decodeUnit, InvalidSpec, printFault } from '../../../src/machines/spec.ts';

const ID = 'use letters, digits, ".", "_" and "-", at most 64, and begin with a letter or digit';
const on = (...others: string[]) => ({
  command: 'x',
  after: Object.fromEntries(others.map((other) => [other, 'ready'])),
});
const watching = (then: object) => ({ kind: 'watcher', files: ['src'], then });

const CASES: readonly (readonly [project: unknown, ...words: string[]])[] = [
  [null, 'is empty, and should be a map'],
  [{}, 'units: units is missing'],
  [{ units: [] }, 'units: a list is not a map'],
  [{ units: {}, quues: {} }, 'quues: there is no option "quues"; did you mean "queues"?'],
  [{ name: '', units: {} }, 'name: is empty'],
  [{ units: { db: null } }, 'units.db: is empty, and should be a map'],
  [{ units: { '': on() } }, `units[""]: "" is not a usable id; ${ID}`],
  [{ units: { 'a/b': on() } }, `units["a/b"]: "a/b" is not a usable id; ${ID}`],
  [
    { units: { 'a.b': { command: 1 } } },
    'units["a.b"].command: 1 is not a command; write a text for the shell, or a list such as [node, api.js]',
  ],
  [{ units: { api: on('bd'), db: on() } }, 'units.api.after.bd: there is no unit "bd"; did you mean "db"?'],
  [{ units: { api: on('cache'), db: on() } }, 'units.api.after.cache: there is no unit "cache"; the units are api, db'],
  [{ units: { a: on('b'), b: on('a') } }, 'units.b.after.a: waits in a circle: a → b → a; take one of them out'],
  [
    { units: { a: on('b'), b: on('c'), c: on('b') } },
    'units.c.after.b: waits in a circle: b → c → b; take one of them out',
  ],
  [{ units: { a: on('a') } }, 'units.a.after.a: waits in a circle: a → a; take one of them out'],
  [
    { units: { w: watching({ restart: ['apu'] }), api: on() } },
    'units.w.then.restart[0]: there is no unit "apu"; did you mean "api"?',
  ],
  [
    { units: { w: watching({ run: ['api'] }), api: on() } },
    'units.w.then.run[0]: "api" is not a job; use start or restart for it',
  ],
  [
    { units: { w: watching({ restart: ['api'] }), api: { ...on(), after: { w: 'log:/up/' } } } },
    'units.api.after.w: "w" prints nothing; wait for ready',
  ],
  [{ units: { w: watching({ restart: ['w'] }) } }, 'units.w.then.restart[0]: a watcher cannot act on itself'],
  [
    { units: { a: { ...on(), group: 'backend' } }, groups: { backnd: {} } },
    'groups.backnd: no unit is in group "backnd"; did you mean "backend"?',
  ],
  [
    { units: { a: { ...on(), group: 'g' } }, groups: { g: { strategy: 'one-for-al' } } },
    'groups.g.strategy: "one-for-al" is not one-for-one, rest-for-one or one-for-all; did you mean "one-for-all"?',
  ],
  [
    { units: {}, queues: { q: { concurrency: 0 } } },
    'queues.q.concurrency: 0 is not a whole number of at least 1',
    'queues.q: no unit is in queue "q"',
  ],
];

test.each(CASES)('of the project %j it is said what is wrong', (project, ...words) => {
  expect(faultsOf(() => decodeProject(project))).toEqual(words);
});

test('a fault inside a unit does not hide that another unit names nobody, or waits in a circle', () => {
  const units = { a: { ...on('b', 'zebra'), stop: { grace: 'x' } }, b: { ...on('a'), command: null } };
  expect(faultsOf(() => decodeProject({ units })).map((line) => line.split(';')[0])).toEqual([
    'units.a.stop.grace: "x" is not a duration',
    'units.a.after.zebra: there is no unit "zebra"',
    'units.b.command: is empty, and should be a command',
    'units.b.after.a: waits in a circle: a → b → a',
  ]);
});

test('two units of different circles are two faults', () => {
  const units = { a: on('b'), b: on('a'), c: on('d'), d: on('c'), e: on('a', 'c') };
  expect(faultsOf(() => decodeProject({ units }))).toHaveLength(2);
});

test('the message names the project and prints every fault', () => {
  expect(() => decodeProject({ name: 'shop', units: { a: { command: 'x', port: 0 }, b: {} } })).toThrow(
    [
      'The spec of project "shop" has 2 faults.',
      '  units.a.port: 0 is not a port; a port is a whole number from 1 to 65535',
      '  units.b.command: command is missing',
    ].join('\n'),
  );
});

test('units that were decoded one by one still have to fit together', () => {
  const units = [
    decodeUnit({ id: 'api', command: 'x', after: { db: 'ready' } }),
    decodeUnit({ id: 'db', command: 'x', after: { api: 'ready' } }),
    decodeUnit({ id: 'db', command: 'y', after: { cache: 'ready' } }),
  ];
  expect(faultsOf(() => assertConsistent(units))).toEqual([
    'db: there are two units "db"; give one of them another id',
    'db.after.cache: there is no unit "cache"; the units are api, db',
  ]);
});

function faultsOf(decode: () => unknown): readonly string[] {
  try {
    decode();
  } catch (error) {
    if (error instanceof InvalidSpec) return error.faults.map(printFault);
    throw error;
  }
  return [];
}
