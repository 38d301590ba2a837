import { afterEach, describe, expect, test } from 'vitest';
import type { Log } from '../../../src/actors/ports.ts';
import { silentLog } from '../../../src/adapters/log/silent.ts';
import { MESSAGE_CHARS_MAX, messageFinder } from '../../../src/adapters/probe/message.ts';
import { aliveCall, probeBench, readyCall, seenRun } from './bench.ts';

const benches: ReturnType<typeof probeBench>[] = [];

afterEach(async () => {
  for (const { probes } of benches.splice(0)) await probes.close();
});

function scene(log: Log = silentLog) {
  const run = seenRun();
  const bench = probeBench({ view: run.view, log });
  benches.push(bench);
  return { ...bench, run };
}

const long = 'x'.repeat(MESSAGE_CHARS_MAX);

describe('a message is found', () => {
  test.each([
    ['that is the whole line', 'up', ['up\n'], [true]],
    ['in pieces', 'up', ['u', 'p', '\n'], [false, false, true]],
    ['only when its line is whole', 'up', ['up'], [false]],
    ['not as a part of a line', 'up', ['up!\nset up\n'], [false]],
    ['with the end of a line of another system', 'up', ['up\r', '\n'], [false, true]],
    ['by a pattern between slashes', '/^up \\d+$/', ['up x\n', 'up 12\n'], [false, true]],
    ['after a line that is too long for one', 'up', [`${long}\nx`, '\nup\n'], [false, true]],
    ['after a line that is far too long, of which nothing is kept', 'up', [long, long, 'x\n', 'up\n'], [0, 0, 0, 1]],
    ['not at the end of a line that is too long', 'up', [`${long}x`, 'up\n'], [false, false]],
  ])('%s', (_, message, pieces, expected) => {
    const finder = messageFinder(message, () => {});
    expect(pieces.map((piece) => finder.add(piece) || finder.endsWithMatch())).toEqual(expected.map(Boolean));
  });
});

test('a line that never ends is given up while it grows', () => {
  let told = 0;
  const finder = messageFinder('up', () => {
    told += 1;
  });
  expect([finder.add(long), told, finder.add('x'), told]).toEqual([false, 0, false, 1]);
});

test('a unit is ready at once when it says so, and by no other word of it', async () => {
  const { start, run, reported, answered, said, clock } = scene();
  run.says('starting\n');
  await start(readyCall({ message: 'up' }));
  run.prints('up\n');
  clock.advance(1_000);
  await reported(1);
  await answered(1);
  clock.advance(200);
  run.says('up\n');
  await reported(2);
  expect(said()).toEqual(['probe.failed: it has not said "up" in its messages so far', 'probe.passed']);
});

test('a unit lives that says so in every interval, the first one apart', async () => {
  const { start, run, answered, said, clock } = scene();
  await start(aliveCall({ message: 'ping' }, { failures: 2 }));
  for (const [question, words] of ['', 'ping\n', '', '', ''].entries()) {
    await answered(question + 1);
    run.says(words);
    await new Promise(setImmediate);
    clock.advance(5_000);
  }
  const silent = 'it has not said "ping" in its messages since it was asked the last time';
  expect(said()).toEqual([
    `probe.failed: ${silent}`,
    'probe.passed',
    `probe.failed: ${silent}`,
    `probe.exhausted: ${silent}`,
  ]);
});

test('who writes what are no messages is told of once', async () => {
  const warned: string[] = [];
  const { start, run, reported } = scene({ ...silentLog, warn: (_, words) => void warned.push(words) });
  await start(readyCall({ message: 'up' }));
  run.says(`${long}x\n${long}x\nup\n`);
  await reported(1);
  expect(warned).toEqual([expect.stringMatching(/^It writes more than 4096 characters a line to REEVE_MESSAGES/)]);
});
