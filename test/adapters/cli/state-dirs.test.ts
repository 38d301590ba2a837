/** Whatever is named as the place of the state: it is used, or refused in words, and nothing in it is touched. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { openReeve, type ProjectStatus } from '../../../src/index.ts';
import { closeShells, openShell, type Shell } from './shell.ts';

const PROJECT = 'units: { web: { command: [sleep, "600"] } }';
const NO_DIRECTORY = 'it, or a part of its path, is no directory';

// Many whole processes, one after the other, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

afterEach(closeShells);

const WRONG: readonly (readonly [what: string, make: (path: string) => unknown, why: string | RegExp])[] = [
  ['a file', (path) => writeFileSync(path, ''), NO_DIRECTORY],
  ['a pipe', (path) => execFileSync('mkfifo', [path]), NO_DIRECTORY],
  ['a link in a circle', (path) => symlinkSync(path, path), 'its symbolic links lead in a circle'],
  [
    'a directory with runs of somebody else',
    (path) => mkdirSync(join(path, 'runs', 'precious'), { recursive: true }),
    'it holds "runs", and so belongs to something else',
  ],
  [
    'a directory with another kind of lock',
    (path) => mkdirSync(join(path, 'lock.db'), { recursive: true }),
    'it holds "lock.db", and so belongs to something else',
  ],
];

test.each(WRONG)('in %s no state is kept, and it stays as it is', async (_, make, why) => {
  const shell = openShell({ 'reeve.yaml': PROJECT });
  const at = join(shell.directory, 'place');
  make(at);
  const before = entriesOf(shell);
  await expectRefusal(shell, at, why);
  expect(entriesOf(shell)).toEqual(before);
});

test.each([
  ['below a file', 'reeve.yaml/state', NO_DIRECTORY],
  ['below /proc', '/proc/no-such-state', 'the directory cannot be made'],
  ['where nobody may write', '/sys/no-such-state', /^(permission denied|the file system can only be read)$/],
  ['a name that is too long', 'x'.repeat(300), 'the path, or a part of it, is too long'],
  ['a path that is too long', 'd/'.repeat(2_100), 'the path, or a part of it, is too long'],
])('%s no state is kept', async (_, path, why) => {
  const shell = openShell({ 'reeve.yaml': PROJECT });
  await expectRefusal(shell, path.startsWith('/') ? path : join(shell.directory, path), why);
});

// Root may write everywhere.
test.skipIf(process.getuid?.() === 0)('a directory that may not be written to is said to be so', async () => {
  const shell = openShell({ 'reeve.yaml': PROJECT });
  const at = join(shell.directory, 'closed');
  mkdirSync(at);
  chmodSync(at, 0o500);
  await expectRefusal(shell, at, 'permission denied');
});

test.each([
  ['with spaces, an emoji and a newline', 'my état 😀\nof things'],
  ['that is too long for a socket', `${'long/'.repeat(30)}state`],
  ['of one that never came further than its log', 'log'],
])('a path %s is as good as any', async (_, name) => {
  const shell = openShell({ 'reeve.yaml': PROJECT });
  const at = join(shell.directory, name);
  if (name === 'log') {
    mkdirSync(at);
    writeFileSync(join(at, 'orchestrator.log'), '');
  }
  const asked = ['--state-dir', at] as const;
  expect(await shell.json(...asked, 'status')).toMatchObject({ error: { code: 'NobodyRuns' } });
  const { stateDir } = await shell.json<ProjectStatus>(...asked, 'up', '--detach');
  const { units } = await shell.json<ProjectStatus>(...asked, 'status');
  expect({ stateDir, ids: units.map(({ id }) => id) }).toEqual({ stateDir: at, ids: ['web'] });
  expect(await shell.reeve(...asked, 'down')).toMatchObject({ code: 0 });
});

/** By every command that keeps some, and by the library. Those that look find nobody there. */
async function expectRefusal(shell: Shell, stateDir: string, why: string | RegExp): Promise<void> {
  const error = await openReeve({ stateDir }).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({
    code: 'StateDirUnusable',
    why: typeof why === 'string' ? why : expect.stringMatching(why),
    hint: expect.stringMatching(/^Name a directory of your own, new or empty/),
  });
  const { code, message } = error as Error & { code: string };
  for (const command of ['up', 'up --detach', 'run -- true']) {
    const said = await shell.reeve('--state-dir', stateDir, '--json', ...command.split(' '));
    expect({ ...said, out: JSON.parse(said.out) }).toMatchObject({
      code: 1,
      out: { error: { code, message } },
      err: '',
    });
  }
  const looked = await shell.json<{ error: { code: string } }>('--state-dir', stateDir, 'status');
  expect(['NobodyRuns', 'StoreUnopenable']).toContain(looked.error.code);
}

const entriesOf = ({ directory }: Shell): readonly string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
