import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { EXIT, EXIT_CODES } from '../../../src/adapters/cli/exit-codes.ts';
import { closeShells, isAlive, openShell } from './shell.ts';

const PROJECT = `
units:
  web: { command: [sleep, "600"] }
  worker: { command: [sleep, "600"] }
`;
const STACK = /\n\s+at .*:\d+:\d+/;

// Many whole processes, one after the other, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

afterEach(closeShells);

test.each([
  ['a command that is not there', 'stauts', "Unknown command 'stauts'.", 'Did you mean status?'],
  ['a part of a command', 'stat', "Unknown command 'stat'.", 'Did you mean status?'],
  ['a command of another tool', 'ps', "Unknown command 'ps'.", 'Did you mean status?'],
  ['a stronger word', 'kill web', "Unknown command 'kill'.", 'Did you mean stop?'],
  ['a command like no other', 'zzz', "Unknown command 'zzz'.", 'See `reeve --help`.'],
  ['an option that is not there', 'status --al', "Unknown option '--al'.", 'Did you mean --all?'],
  ['an option before its command', '-x status', "Unknown option '-x'.", 'See `reeve status --help`.'],
  ['an option without a command', '-C shop -x', "Unknown option '-x'.", 'See `reeve --help`.'],
  ['an argument that is missing', 'wait', "Missing required argument 'ref'.", 'See `reeve wait --help`.'],
  [
    'a number that is none',
    'logs web --tail x',
    expect.stringContaining('It is not a whole number.'),
    'See `reeve logs --help`.',
  ],
  // A variable that is not set must not name a place.
  ['an empty -C', '-C= status', '-C is empty.', 'Name a directory, or leave it out.'],
  ['an empty --state-dir', '--state-dir= status', '--state-dir is empty.', 'Name a directory, or leave it out.'],
])('%s is 1, with words and no help page', async (_, line, message, hint) => {
  const shell = openShell();
  const argv = line.split(' ').flatMap((word) => (word.endsWith('=') ? [word.slice(0, -1), ''] : word));
  const error = { code: 'BadUsage', message, hint };
  const said = await shell.reeve(...argv, '--json');
  expect({ code: said.code, document: JSON.parse(said.out), err: said.err }).toEqual({
    code: 1,
    document: { error },
    err: '',
  });
  const { code, out, err } = await shell.reeve(...argv);
  expect({ code, out, lines: err.trimEnd().split('\n').length }).toEqual({ code: 1, out: '', lines: 2 });
});

test('a project file that is wrong is told by file and line, with no stack', async () => {
  const shell = openShell({ 'reeve.yaml': 'units:\n  web:\n    command: node web.js\n    stop: { grace: 5 sec }\n' });
  for (const argv of [['up'], ['up', '--detach'], ['config']]) {
    const { code, out, err } = await shell.reeve(...argv);
    expect({ code, out, err }).toEqual({ code: 1, out: '', err: expect.stringMatching(/^reeve\.yaml:4:\d+ {2}/) });
    expect(err).not.toMatch(STACK);
  }
});

test('a directory that is not there is told as one, and nothing else', async () => {
  const { code, out, err } = await openShell().reeve('-C', '/no/such/place', 'status');
  expect({ code, out, err }).toEqual({
    code: 1,
    out: '',
    err: expect.stringMatching(/^There is no directory \/no\/such\/place\.\n {2}Give -C /),
  });
});

test.each([
  ['nope.yaml', 'There is a reeve.yaml in that directory: name it, or leave -f out there.'],
  [
    'deploy/reeve.yaml',
    'Correct the name: it is looked for from where reeve is called, or from the directory that -C names.',
  ],
])('`-f %s` that is not there is told by its whole path, with what to do', async (file, hint) => {
  const shell = openShell({ 'reeve.yaml': PROJECT });
  const message = `There is no project file ${join(shell.directory, file)}.`;
  const error = { error: { code: 'ConfigNotFound', message, hint } };
  expect([await shell.json('up', '-f', file), await shell.json('config', '-f', file)]).toEqual([error, error]);
});

test.each([
  [{}, 'reeve', []],
  [{ npm_lifecycle_event: 'npx' }, 'npx reeve', []],
  [{ npm_lifecycle_event: 'npx', npm_package_name: 'reeve' }, 'npx reeve', []],
  [{ npm_lifecycle_event: 'dev', npm_package_name: 'shop' }, 'npx reeve', []],
  [{ npm_lifecycle_event: 'reeve', npm_package_name: 'reeve' }, 'npm run reeve --', []],
  [{ npm_lifecycle_event: 'npx' }, 'npx reeve -C home', ['-C', 'home']],
  [{}, "reeve --state-dir 'a b'", ['--state-dir', 'a b']],
] as const)('called with %j, hints say `%s`', async (variables, name, places) => {
  const { out, err } = await openShell({}, variables).reeve(...places, 'stop', 'web');
  const { error } = JSON.parse((await openShell({}, variables).reeve(...places, 'stop', 'web', '--json')).out);
  const hint = `Start it with \`${name} up\`, or \`${name} up --detach\`. What a dead one left running, it takes over.`;
  expect({ out, told: err.split('\n  ')[1], hint: error.hint }).toEqual({ out: '', told: `${hint}\n`, hint });
});

test('a project file that is not there is told by where it was looked for', async () => {
  const shell = openShell();
  expect(await shell.json('up')).toMatchObject({
    error: { code: 'ConfigNotFound', message: expect.stringContaining(shell.directory) },
  });
});

test.each([['status'], ['stop', 'web'], ['logs', 'web'], ['wait', 'web'], ['down'], ['events']])(
  'where nobody ever was, `%s` has nobody to talk to',
  async (...argv) => {
    const said = await openShell().reeve(...argv, '--json');
    expect({ code: said.code, document: JSON.parse(said.out) }).toMatchObject({
      code: 3,
      document: { error: { code: 'NobodyRuns', hint: expect.stringContaining('reeve up') } },
    });
  },
);

test('a unit is known by the beginning of its id, if that is the beginning of no other', async () => {
  const shell = openShell({ 'reeve.yaml': PROJECT });
  await shell.json('up', '--detach');
  expect(await shell.json('status', 'we')).toMatchObject({ unit: { id: 'web' } });
  const errors = [];
  for (const ref of ['w', 'wbe', 'zebra']) errors.push(await shell.json('status', ref));
  expect(errors).toEqual([
    { error: { code: 'AmbiguousRef', message: '"w" could be web or worker.', hint: 'Write more of the name.' } },
    { error: { code: 'UnknownRef', message: 'There is no unit "wbe".', hint: 'Did you mean "web"?' } },
    { error: { code: 'UnknownRef', message: 'There is no unit "zebra".', hint: 'There is: web, worker.' } },
  ]);
});

test('`config` prints a project that means the same, every default written out', async () => {
  const shell = openShell({ 'reeve.yaml': PROJECT });
  const written = await shell.json<{ units: Record<string, unknown> }>('config');
  expect(written.units.web).toMatchObject({ kind: 'server', command: ['sleep', '600'], stop: { grace: 5_000 } });
  const again = openShell({ 'reeve.json': JSON.stringify(written) });
  expect((await again.json<typeof written>('config')).units).toEqual(written.units);
});

test('a step of the whole life that does not happen is told, is 1, and leaves nothing running', async () => {
  const shell = openShell({
    'reeve.yaml': 'units: { web: { command: [sleep, "600"] }, broken: { kind: job, command: "exit 2" } }',
  });
  const { code, out, err } = await shell.reeve('up', '--once');
  expect({ code, out, err }).toEqual({
    code: 1,
    out: expect.stringMatching(/^✓ web is ready: pid \d+\n$/),
    err: expect.stringMatching(/^broken has finished: "broken" did not become finished .* reaped: failed/),
  });
  expect(isAlive(Number(/pid (\d+)/.exec(out)?.[1]))).toBe(false);
});

test('--json may stand before the command, and `reeve --json` alone asks for nothing', async () => {
  const shell = openShell({ 'reeve.yaml': PROJECT });
  const behind = await shell.reeve('-C', 'home', 'status', '--json');
  expect(behind).toMatchObject({ code: 3, out: expect.stringContaining('NobodyRuns') });
  expect(await shell.reeve('--json', '-C', 'home', 'status')).toEqual(behind);
  expect(await shell.reeve('-C', 'home', '--json', 'status')).toEqual(behind);
  expect(await shell.json()).toMatchObject({ error: { code: 'BadUsage' } });
});

test('help is an answer, and so on stdout', async () => {
  expect(await openShell().reeve('--help')).toMatchObject({
    code: 0,
    out: expect.stringContaining('Usage: reeve'),
    err: '',
  });
});

test.each([
  ['help', '--help'],
  ['help wait', 'wait --help'],
])('`reeve %s` is `reeve %s`', async (words, options) => {
  const shell = openShell();
  const said = await shell.reeve(...words.split(' '));
  expect(said).toMatchObject({ code: 0, err: '', out: expect.stringContaining('Usage: reeve') });
  expect(said).toEqual(await shell.reeve(...options.split(' ')));
});

test('the version is the one of the package', async () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8'));
  expect(await openShell().reeve('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' });
});

test('every exit code has one meaning', () => {
  expect(Object.values(EXIT)).toEqual(EXIT_CODES.map(({ code }) => code));
});
