import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type CommandEnd, execCommand } from '../../../src/adapters/process/exec.ts';
import { identify } from '../../../src/adapters/system/identity.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

type Order = Parameters<typeof execCommand>[0];
const never = new AbortController().signal;
const env = { PATH: process.env.PATH ?? '' };

/** In a directory of its own, with time enough for a busy machine. */
function run(command: Order['command'], order: Partial<Order> = {}): Promise<CommandEnd> {
  return execCommand({
    command,
    cwd: order.cwd ?? temporaryDirectory(),
    env,
    timeoutMs: 15_000,
    signal: never,
    ...order,
  });
}
const ended: CommandEnd = { code: 0, signal: null, timedOut: false, tail: '', refused: null };
const killed: CommandEnd = { ...ended, code: null, signal: 'SIGKILL' };
const refused = (why: string): CommandEnd => ({ ...ended, code: null, refused: { why, ours: false } });

const pidsIn = (text: string): readonly number[] => text.trim().split(/\s+/).map(Number);
const alive = (pids: readonly number[]): readonly number[] => pids.filter((pid) => identify(pid) !== null);
/** A killed process is gone a moment after it was killed. */
const expectGone = (pids: readonly number[]) => expect.poll(() => alive(pids), { timeout: 5_000 }).toEqual([]);

test.each<[string, Partial<CommandEnd>]>([
  ['true', {}],
  ['echo out; echo err >&2; exit 3', { code: 3, tail: 'out\nerr\n' }],
  ['kill -SEGV $$', { code: null, signal: 'SIGSEGV' }],
  ['exit 143', { code: 143 }],
])('`%s` ends as it says', async (command, end) => {
  expect(await run(command)).toEqual({ ...ended, ...end });
});

test('a list is executed word by word as it is, a text is read by a shell', async () => {
  const words = ['printf', '<%s>', 'a  b', '', '$HOME', "it's"];
  expect((await run(words)).tail).toBe("<a  b><><$HOME><it's>");
  expect((await run("printf '<%s>' a  b $HOME", { env: { ...env, HOME: '/nowhere' } })).tail).toBe('<a><b></nowhere>');
});

test('it gets the environment and the directory that are given, an empty stdin, and nothing else of ours', async () => {
  const cwd = temporaryDirectory();
  const looking = ['sh', '-c', 'cat; readlink /proc/self/fd/0; pwd; umask'];
  const umask = process.umask().toString(8).padStart(4, '0');
  expect((await run(['env'], { env: { ...env, GIVEN: '1' } })).tail).toBe(`PATH=${env.PATH}\nGIVEN=1\n`);
  expect((await run(looking, { cwd })).tail).toBe(`/dev/null\n${cwd}\n${umask}\n`);
});

test('when its time is over it is killed with all that it has started', async () => {
  const tree = 'trap "" TERM; sleep 1000 & echo $!; sh -c "sleep 1000 & echo \\$!; wait" & echo $! $$; wait';
  const { tail, ...end } = await run(tree, { timeoutMs: 500 });
  expect({ ...end, processes: pidsIn(tail).length }).toEqual({
    ...killed,
    tail: undefined,
    timedOut: true,
    processes: 4,
  });
  await expectGone(pidsIn(tail));
});

test('when nobody wants to know any more it is killed with all that it has started, and did not time out', async () => {
  const cwd = temporaryDirectory();
  const abort = new AbortController();
  const running = run('sleep 1000 & echo $! $$ > new; mv new pids; wait', { cwd, signal: abort.signal });
  await expect.poll(() => existsSync(join(cwd, 'pids')), { timeout: 10_000 }).toBe(true);
  abort.abort();
  expect(await running).toEqual(killed);
  await expectGone(pidsIn(readFileSync(join(cwd, 'pids'), 'utf8')));
});

test('aborted before it begins, it never does', async () => {
  const cwd = temporaryDirectory();
  expect(await run('touch begun', { cwd, signal: AbortSignal.abort() })).toEqual({ ...ended, code: null });
  expect(existsSync(join(cwd, 'begun'))).toBe(false);
});

test('what it leaves in the background ends with it, and does not hold it up', async () => {
  const { tail, ...end } = await run('sleep 1000 & echo $!');
  expect(end).toEqual({ ...ended, tail: undefined });
  await expectGone(pidsIn(tail));
});

test('a daemon that left the group and keeps the output open does not hold it up', async () => {
  const cwd = temporaryDirectory();
  const daemon = `mkfifo here; setsid sh -c 'echo $$ > here; exec sleep 1000' & cat here`;
  const { tail, ...end } = await run(daemon, { cwd });
  const pids = pidsIn(tail);
  const survived = alive(pids);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  expect({ end, survived }).toEqual({ end: { ...ended, tail: undefined }, survived: pids });
});

test('of what it prints the last whole lines are kept, and no more than 4 KB', async () => {
  const { tail } = await run('yes 12345 | head -n 100000; echo last');
  const lines = tail.split('\n');
  expect([lines[0], lines.at(-2), tail.length <= 4_096, tail.length > 4_000]).toEqual(['12345', 'last', true, true]);
  expect((await run('head -c 5000 /dev/zero | tr "\\0" x')).tail).toBe('');
});

test.each<[string, (cwd: string) => { command: Order['command']; cwd?: string; why: string }]>([
  ['that is not installed', () => ({ command: ['no-such-command'], why: 'no such command' })],
  ['that is not there', () => ({ command: ['./nothing'], why: 'no such file' })],
  [
    'that may not be executed',
    (cwd) => {
      writeFileSync(join(cwd, 'tool'), '', { mode: 0o600 });
      return { command: ['./tool'], why: 'permission denied' };
    },
  ],
  [
    'that is a directory',
    (cwd) => {
      mkdirSync(join(cwd, 'tool'));
      return { command: ['./tool'], why: 'is a directory' };
    },
  ],
  ['in no directory', (cwd) => ({ command: ['true'], cwd: `${cwd}/no`, why: `${cwd}/no: no such directory` })],
  ['with too much to say', () => ({ command: ['true', 'x'.repeat(3_000_000)], why: 'E2BIG' })],
])('a command %s is refused in words', async (_, make) => {
  const cwd = temporaryDirectory();
  const { command, why, ...order } = make(cwd);
  expect(await run(command, { cwd, ...order })).toEqual(refused(why));
});

test('a value of the environment is never in the words of a refusal', async () => {
  const end = await run('true', { env: { ...env, PASSWORD: 'hunter2\0' } });
  expect([end.refused === null, JSON.stringify(end).includes('hunter2')]).toEqual([false, false]);
});
