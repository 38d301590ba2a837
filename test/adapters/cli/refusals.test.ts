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
  [
    'a command that is not there',
    ['stauts'],
    { code: 'BadUsage', message: "Unknown command 'stauts'.", hint: 'Did you mean status?' },
  ],
  [
    'an option that is not there',
    ['status', '--al'],
    { code: 'BadUsage', message: "Unknown option '--al'.", hint: 'Did you mean --all?' },
  ],
  [
    'an argument that is missing',
    ['wait'],
    { code: 'BadUsage', message: "Missing required argument 'ref'.", hint: 'See `reeve wait --help`.' },
  ],
  [
    'a number that is none',
    ['logs', 'web', '--tail', 'x'],
    {
      code: 'BadUsage',
      message: expect.stringContaining('It is not a whole number.'),
      hint: 'See `reeve logs --help`.',
    },
  ],
])('%s is 1, with words and no help page', async (_, argv, error) => {
  const shell = openShell();
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

test.each(['up', 'up --detach', 'run -- true', 'run --background -- true'])(
  'where no state can be kept, `%s` says why, and where it could be',
  async (command) => {
    const shell = openShell({ 'reeve.yaml': PROJECT, taken: '' });
    const at = join(shell.directory, 'taken', 'state');
    expect(await shell.reeve('--state-dir', at, ...command.split(' '))).toEqual({
      code: 1,
      out: '',
      err: expect.stringMatching(
        /^Cannot keep state in .*: it, or a part of its path, .*\n {2}Name a directory of your own/,
      ),
    });
  },
);

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

test('help is an answer, and so on stdout', async () => {
  expect(await openShell().reeve('--help')).toMatchObject({
    code: 0,
    out: expect.stringContaining('Usage: reeve'),
    err: '',
  });
});

test('the version is the one of the package', async () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8'));
  expect(await openShell().reeve('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' });
});

test('every exit code has one meaning', () => {
  expect(Object.values(EXIT)).toEqual(EXIT_CODES.map(({ code }) => code));
});
