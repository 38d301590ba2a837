import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { Clock, Probes } from '../../../src/actors/ports.ts';
import { silentLog } from '../../../src/adapters/log/silent.ts';
import { systemProbes } from '../../../src/adapters/probe/probes.ts';
import { execForUnits } from '../../../src/adapters/process/exec-for-units.ts';
import { simulatedClock } from '../../../src/adapters/simulation/clock.ts';
import { identify } from '../../../src/adapters/system/identity.ts';
import { decodeUnit } from '../../../src/machines/spec.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import { aliveCall, readyCall } from './bench.ts';

const open: Probes[] = [];
afterEach(async () => {
  for (const probes of open.splice(0)) await probes.close();
});

const SOON = { timeout: 10_000, interval: 5 };

/** Real commands in a directory of their own, and simulated time. */
async function probing(options: { readonly redact?: (text: string) => string } = {}) {
  const cwd = temporaryDirectory();
  const clock = simulatedClock();
  let armed = 0;
  const counting: Clock = {
    bootId: clock.bootId,
    wallMs: () => clock.wallMs(),
    monoMs: () => clock.monoMs(),
    defer: (run) => clock.defer(run),
    setTimer(ms, fire) {
      armed += 1;
      return clock.setTimer(ms, fire);
    },
  };
  const said: string[] = [];
  const unit = decodeUnit({ id: 'api', command: 'x', cwd });
  const system = systemProbes({ clock: counting, log: silentLog, exec: execForUnits(process.env), ...options });
  const probes: Probes = { ...system, start: (call) => system.start({ ...call, unit }) };
  open.push(probes);
  await probes.connect(({ fact }) => said.push('detail' in fact ? `${fact.type}: ${fact.detail}` : fact.type));
  const path = (name: string) => join(cwd, name);
  return {
    clock,
    probes,
    said,
    file: path,
    exists: (name: string) => expect.poll(() => existsSync(path(name)), SOON).toBe(true),
    saying: (count: number) => expect.poll(() => said.length, SOON).toBe(count),
    /** Until so many questions were answered: each arms its timeout, and its answer arms the next one. */
    answered: (questions: number) => expect.poll(() => armed, SOON).toBe(2 * questions),
  };
}

/** What a readiness probe says first. */
async function firstWords(exec: string | readonly string[], options?: Parameters<typeof probing>[0]) {
  const { probes, said, saying } = await probing(options);
  await probes.start(readyCall({ exec }));
  await saying(1);
  return said[0];
}

test('a command that ends with code 0 makes a unit ready, and is asked until it does', async () => {
  const { probes, clock, said, saying, answered, file } = await probing();
  await probes.start(readyCall({ exec: 'echo asked >> log; test -e up' }));
  for (const questions of [1, 2, 3]) {
    await answered(questions);
    if (questions === 3) writeFileSync(file('up'), '');
    clock.advance(200);
  }
  await saying(2);
  expect({ said, pending: clock.pending(), log: readFileSync(file('log'), 'utf8') }).toEqual({
    said: ['probe.failed: `echo asked >> log; test -e up` ended with code 1', 'probe.passed'],
    pending: 0,
    log: 'asked\n'.repeat(4),
  });
});

test.each<[string | readonly string[], string]>([
  [['sh', '-c', 'echo one; echo "no response" >&2; exit 2'], 'ended with code 2: no response'],
  [['sh', '-c', 'printf "\\033[31mred\\033[0m\\n\\n"; exit 1'], 'ended with code 1: red'],
  ['exit 7', 'ended with code 7'],
  ['kill -SEGV $$', 'was killed by SIGSEGV'],
  [['no-such-command', '-h', 'a b'], 'cannot be run: no such command'],
])('%j fails in words', async (exec, words) => {
  const name = typeof exec === 'string' ? exec : exec.join(' ');
  expect(await firstWords(exec)).toBe(`probe.failed: \`${name}\` ${words}`);
});

test('long commands and long lines are cut', async () => {
  const line = 'y'.repeat(79);
  expect(await firstWords(`echo ${line}yyy; exit 1`)).toBe(
    `probe.failed: \`echo ${'y'.repeat(75)}…\` ended with code 1: ${line}y…`,
  );
});

test('no secret is in the words, also where they are cut in the middle of it', async () => {
  const secret = 'hunter2'.repeat(20);
  const redact = (text: string) => text.replaceAll(secret, '[redacted]');
  expect(await firstWords(['sh', '-c', 'echo "no login: $1"; exit 1', secret, secret], { redact })).toBe(
    'probe.failed: `sh -c echo "no login: $1"; exit 1 [redacted] [redacted]` ended with code 1: no login: [redacted]',
  );
});

test('a command that does not end in time fails one millisecond after it could have passed, and is gone', async () => {
  const { probes, clock, said, saying, exists, file } = await probing();
  await probes.start(readyCall({ exec: 'echo $$ > new; mv new pid; sleep 1000 & wait' }, { timeout: 20_000 }));
  await exists('pid');
  clock.advance(19_999);
  expect(said).toEqual([]);
  clock.advance(1);
  await saying(1);
  expect(said).toEqual(['probe.failed: `echo $$ > new; mv new pid; sleep 1000 & wait` did not end within 20s']);
  expect(identify(Number(readFileSync(file('pid'), 'utf8')))).toBe(null);
});

test('a stopped probe ends its command, and says nothing more', async () => {
  const { probes, clock, said, exists, file } = await probing();
  const call = aliveCall(
    { exec: 'sleep 1000 & echo $! $$ > new; mv new pids; wait' },
    { failures: 1, timeout: 20_000 },
  );
  await probes.start(call);
  await exists('pids');
  await probes.stop(call.run, 'alive');
  const pids = readFileSync(file('pids'), 'utf8').trim().split(' ').map(Number);
  await expect.poll(() => pids.filter((pid) => identify(pid) !== null), SOON).toEqual([]);
  expect({ said, pending: clock.pending() }).toEqual({ said: [], pending: 0 });
});

test('closed means that no command is left', async () => {
  const { probes, exists, file } = await probing();
  await probes.start(readyCall({ exec: 'echo $$ > new; mv new pid; sleep 1000 & wait' }, { timeout: 20_000 }));
  await exists('pid');
  await probes.close();
  expect(identify(Number(readFileSync(file('pid'), 'utf8')))).toBe(null);
});

test('a command is never run while the last one still runs', async () => {
  const { probes, clock, answered, exists, file } = await probing();
  const waiting = 'echo begun >> log; touch begun; while test ! -e go; do sleep 0.02; done; echo ended >> log';
  await probes.start(aliveCall({ exec: waiting }, { every: 100, timeout: 20_000 }));
  await exists('begun');
  clock.advance(5_000);
  writeFileSync(file('go'), '');
  await answered(1);
  expect(readFileSync(file('log'), 'utf8')).toBe('begun\nended\n');
});

test('a command that is asked for ever says only edges: sick, sick for too long, well again', async () => {
  const { probes, clock, said, answered, file } = await probing();
  await probes.start(aliveCall({ exec: ['test', '!', '-e', 'sick'] }, { failures: 3 }));
  const heardAfter: number[] = [];
  for (const [asked, isSick] of [false, false, true, true, true, true, false, false].entries()) {
    await answered(asked + 1);
    heardAfter.push(said.length);
    if (isSick) writeFileSync(file('sick'), '');
    else rmSync(file('sick'), { force: true });
    clock.advance(5_000);
  }
  const sick = '`test ! -e sick` ended with code 1';
  expect({ heardAfter, said }).toEqual({
    heardAfter: [0, 0, 0, 1, 1, 2, 2, 3],
    said: [`probe.failed: ${sick}`, `probe.exhausted: ${sick}`, 'probe.passed'],
  });
});
