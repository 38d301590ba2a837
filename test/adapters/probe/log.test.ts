import { afterEach, describe, expect, test } from 'vitest';
import { lineFinder } from '../../../src/adapters/probe/log.ts';
import { aliveCall, probeBench, readyCall, seenRun } from './bench.ts';

const benches: ReturnType<typeof probeBench>[] = [];

afterEach(async () => {
  for (const { probes } of benches.splice(0)) await probes.close();
});

function scene() {
  const run = seenRun();
  const bench = probeBench({ view: run.view });
  benches.push(bench);
  return { ...bench, run };
}

/** What a finder says after each of these pieces. */
const found = (pattern: RegExp, pieces: readonly string[]): readonly boolean[] => {
  const finder = lineFinder(pattern);
  return pieces.map((piece) => finder.add(piece));
};

describe('a line is found', () => {
  test.each([
    ['in one piece', /listening/, ['listening on 80\n'], [true]],
    ['in pieces of one character', /^ab$/, ['a', 'b', '\n'], [false, false, true]],
    ['only when it is whole', /ready$/, ['ready', ' to fail\n'], [false, false]],
    ['without its colours', /ready in \d+ ms/, ['\x1b[32mready\x1b[0m in \x1b[1m300\x1b[22m ms\n'], [true]],
    ['when it was painted over', /^100%$/, ['50%\r75%\r100%\r'], [true]],
    ['with the ends of lines of another system', /^up$/, ['up\r', '\n'], [true, true]],
    ['that no other line makes up with it', /a.*b/s, ['a\nb\n'], [false]],
  ])('%s', (_, pattern, pieces, expected) => {
    expect(found(pattern, pieces)).toEqual(expected);
  });

  test('also in a line that never ends, of which no more is kept than can be searched', () => {
    const noise = '.'.repeat(16 * 1024);
    // What is kept is cut right after 'need'.
    const pieces = [...Array<string>(4).fill(noise), 'need', 'le', ...Array<string>(10).fill(noise)];
    expect([found(/needle/, pieces).at(-1), found(/nothing/, pieces).at(-1)]).toEqual([true, false]);
  });

  test('in what is not ended yet, when it is asked for', () => {
    const finder = lineFinder(/^login: $/);
    finder.add('login: ');
    expect([finder.hasFound(), finder.endsWithMatch()]).toEqual([false, true]);
  });
});

describe('a readiness probe for what is printed', () => {
  test('passes at once when it is printed, without waiting for the next question', async () => {
    const { start, run, reported, said, clock } = scene();
    await start(readyCall({ log: 'listening on \\d+' }));
    run.prints('starting\n');
    run.prints('listening on 80\n');
    await reported(1);
    expect({ said: said(), now: clock.monoMs(), pending: clock.pending() }).toEqual({
      said: ['probe.passed'],
      now: 0,
      pending: 0,
    });
  });

  test('knows what was printed before it was asked', async () => {
    const { start, run, reported, said } = scene();
    run.prints('ready\n');
    await start(readyCall({ log: '^ready$' }));
    await reported(1);
    expect(said()).toEqual(['probe.passed']);
  });

  test('says that it has not been printed, and passes by a line without an end when no more of it comes', async () => {
    const { start, run, reported, answered, said, clock } = scene();
    await start(readyCall({ log: 'login: $' }));
    clock.advance(1_000);
    await reported(1);
    run.prints('login: ');
    await answered(1);
    await new Promise(setImmediate);
    clock.advance(200);
    clock.advance(1_000);
    await reported(2);
    expect(said()).toEqual(['probe.failed: it has not printed /login: $/ so far', 'probe.passed']);
  });

  test('is not passed by the last word of a run that has ended', async () => {
    const { start, run, reported, said } = scene();
    run.prints('listening\n');
    run.ends();
    await start(readyCall({ log: 'listening' }));
    await reported(1);
    expect(said()).toEqual(['probe.failed: it has ended']);
  });
});

test('a liveness probe for what is printed wants it anew in every interval, the first one apart', async () => {
  const { start, run, answered, said, clock } = scene();
  await start(aliveCall({ log: 'tick' }, { failures: 2 }));
  const heard: string[][] = [];
  for (const [question, printed] of ['', 'tick\n', '', 'tick\n', '', '', ''].entries()) {
    await answered(question + 1);
    run.prints(printed);
    await new Promise(setImmediate);
    heard.push(said().slice(heard.flat().length));
    clock.advance(5_000);
  }
  const silent = 'it has not printed /tick/ since it was asked the last time';
  expect(heard).toEqual([
    [],
    [`probe.failed: ${silent}`],
    ['probe.passed'],
    [`probe.failed: ${silent}`],
    ['probe.passed'],
    [`probe.failed: ${silent}`],
    [`probe.exhausted: ${silent}`],
  ]);
});
