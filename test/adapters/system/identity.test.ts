import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import {
  conditionOf,
  identify,
  isAlive,
  localWorld,
  parseStat,
  withPinned,
} from '../../../src/adapters/system/identity.ts';
import { requireLinux } from '../../../src/adapters/system/platform.ts';
import { sendSignal } from '../../../src/adapters/system/signal.ts';
import type { ProcessIdentity } from '../../../src/machines/vocabulary.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function sleeper(file = 'sleep', detached = false) {
  const child = spawn(file, ['1000'], { stdio: 'ignore', detached });
  const gone = once(child, 'exit');
  ends.push(() => {
    child.kill('SIGKILL');
    return gone;
  });
  return { child, gone, identity: identify(child.pid!)! };
}

test('a name with spaces and brackets does not shift the fields', () => {
  const fields = Array.from({ length: 49 }, (_, index) => String(index + 4)).join(' ');
  expect(parseStat(`42 (a) b (c) S ${fields}\n`)).toEqual({
    pid: 42,
    name: 'a) b (c',
    state: 'S',
    parentPid: 4,
    groupId: 5,
    sessionId: 6,
    startTicks: '22',
  });
});

test.each([[''], ['42'], ['42 (x'], ['42 (x) S 1 2 3'], [') 42 (']])('%j is no process', (text) => {
  expect(parseStat(text)).toBeNull();
});

test('a program with brackets in its name is identified', () => {
  const dir = mkdtempSync(join(tmpdir(), 'identity-'));
  ends.push(() => rmSync(dir, { recursive: true }));
  const odd = join(dir, 'a) S 1 (c');
  copyFileSync('/bin/sleep', odd);
  const { identity, child } = sleeper(odd);
  expect(identity).toEqual({ ...localWorld(), pid: child.pid, startTicks: expect.stringMatching(/^\d+$/) });
  expect(conditionOf(identity)).toBe('running');
});

test('a stopped process is alive, and said to be stopped', async () => {
  const { child, identity } = sleeper();
  child.kill('SIGSTOP');
  await expect.poll(() => conditionOf(identity)).toBe('stopped');
  expect(isAlive(identity)).toBe(true);
});

test('a zombie is dead', async () => {
  // The shell becomes `sleep`, which never asks how its child ended.
  const parent = spawn('/bin/sh', ['-c', 'sleep 0.01 & echo $!; exec sleep 1000'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const gone = once(parent, 'exit');
  ends.push(() => {
    parent.kill('SIGKILL');
    return gone;
  });
  const [line] = await once(parent.stdout, 'data');
  const pid = Number(String(line));
  const identity = { ...localWorld(), pid, startTicks: '' };
  await expect.poll(() => identify(pid)).toBeNull();
  expect(process.kill(pid, 0)).toBe(true);
  expect(conditionOf(identity)).toBe('gone');
});

test('another boot, another start or another pid is gone; another namespace cannot be told', () => {
  const { identity } = sleeper();
  const conditions = [
    { ...identity, bootId: 'another' },
    { ...identity, startTicks: String(Number(identity.startTicks) + 1) },
    { ...identity, pid: 2 ** 22 + 1 },
    { ...identity, pidNamespace: 'pid:[1]' },
  ].map(conditionOf);
  expect(conditions).toEqual(['gone', 'gone', 'gone', 'unverifiable']);
});

test('a signal reaches the process that is meant, and says when there is none', async () => {
  const { identity, gone } = sleeper();
  expect(sendSignal(identity, 'SIGTERM')).toBe('sent');
  expect(await gone).toEqual([null, 'SIGTERM']);
  expect(sendSignal(identity, 'SIGTERM')).toBe('gone');
});

test('a stranger with the same pid gets no signal', () => {
  const { identity, child } = sleeper();
  const results = [
    sendSignal({ ...identity, startTicks: '1' }, 'SIGKILL'),
    sendSignal({ ...identity, bootId: 'another' }, 'SIGKILL'),
    sendSignal({ ...identity, pidNamespace: 'pid:[1]' }, 'SIGKILL'),
  ];
  expect([results, child.exitCode, isAlive(identity)]).toEqual([['gone', 'gone', 'unverified'], null, true]);
});

test.each([0, -1, 1, 1.5, Number.NaN, process.pid])('pid %d is never signalled', (pid) => {
  expect(sendSignal({ ...localWorld(), pid, startTicks: '1' }, 0)).toBe('unverified');
});

test('a group is signalled only by its leader: ours survives', () => {
  const { identity } = sleeper();
  // It is in our group. Had the signal gone to that, this test would not go on.
  expect(sendSignal(identity, 'SIGTERM', { group: true })).toBe('sent');
});

test('what is read while a process is held is about that process, also when it dies meanwhile', async () => {
  const { child, gone, identity } = sleeper();
  const before = withPinned(identity, ({ condition }) => condition);
  child.kill('SIGKILL');
  await gone;
  expect([before, withPinned(identity, ({ condition }) => condition)]).toEqual(['running', 'gone']);
});

test('a platform without /proc is refused with a reason', () => {
  expect(() => requireLinux('supervise processes', 'darwin')).toThrow(
    expect.objectContaining({
      code: 'PlatformNotYet',
      message: "Cannot supervise processes on darwin: this needs Linux's /proc, and there is no substitute yet.",
    }),
  );
});

const LAST_PID = '/proc/sys/kernel/ns_last_pid';
const canChoosePids = ((): boolean => {
  try {
    accessSync(LAST_PID, constants.W_OK);
    return true;
  } catch {
    return false;
  }
})();

const ticksSinceBoot = (): number => Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 100;

/** Until somebody else's process is where the one before was; others may take the number first. */
async function reusedPid(): Promise<{ readonly dead: ProcessIdentity; readonly stranger: ChildProcess }> {
  for (;;) {
    const first = spawn('sleep', ['1000'], { stdio: 'ignore' });
    const dead = identify(first.pid ?? -1)!;
    first.kill('SIGKILL');
    await once(first, 'exit');
    // A start time has a resolution of one tick. All pids of a system are not used up within that, but we cheat.
    await expect.poll(() => ticksSinceBoot() - Number(dead.startTicks), { interval: 5 }).toBeGreaterThan(2);
    writeFileSync(LAST_PID, String(dead.pid - 1));
    const stranger = spawn('sleep', ['1000'], { stdio: 'ignore' });
    if (stranger.pid === dead.pid) return { dead, stranger };
    stranger.kill('SIGKILL');
    await once(stranger, 'exit');
  }
}

test.runIf(canChoosePids)('a process that really got the pid of a dead one gets none of its signals', async () => {
  const { dead, stranger } = await reusedPid();
  const ended = once(stranger, 'exit');
  expect([isAlive(dead), sendSignal(dead, 'SIGKILL'), sendSignal(dead, 'SIGKILL', { group: true })]).toEqual([
    false,
    'gone',
    'gone',
  ]);
  expect(conditionOf(identify(stranger.pid ?? -1)!)).toBe('running');
  stranger.kill('SIGKILL');
  await ended;
});
