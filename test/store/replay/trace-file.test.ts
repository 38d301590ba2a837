import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { verify } from '../../../src/api/replay.ts';
import { openTrace } from '../../../src/api/trace.ts';
import { isFault } from '../../../src/machines/errors.ts';
import { traceJsonSchema } from '../../../src/store/replay/trace-schema.ts';
import { chance, oneOf } from '../../support/chance.ts';
import { story } from '../../support/story.ts';
import { historyIn, linesOf, openedTrace, traceFile } from '../../support/traces.ts';

let lines: readonly string[] = [];
/** Written once, and changed by nobody. */
beforeEach(async () => {
  if (lines.length === 0) lines = linesOf(historyIn(await story({ rounds: 12 })));
});

/** What is said when these lines are opened. */
async function refusalOf(changed: readonly string[] | Buffer, name?: string): Promise<string> {
  try {
    await openedTrace(traceFile(changed, name));
    return 'opened';
  } catch (error) {
    if (!isFault(error)) throw error;
    return `${error.code}: ${error.message.replace(/\S*trace\.jsonl(?:\.gz)?/, 'FILE')}`;
  }
}

const without = (index: number): readonly string[] => lines.toSpliced(index, 1);
const entryAt = (seq: number): number =>
  lines.findIndex((line) => line.startsWith(`{"seq":${seq},`) && line.includes('"aseq":'));
const header = (change: object): string => `${JSON.stringify({ ...JSON.parse(lines[0]!), ...change })}\n`;

describe('a trace', () => {
  test('is opened, whole and packed, and verified', async () => {
    for (const name of ['trace.jsonl', 'trace.jsonl.gz']) {
      const trace = await openedTrace(traceFile(lines, name));
      const { entries, same, first } = await verify(trace);
      expect([trace.faults, entries, same, first]).toEqual([[], trace.entryCount, trace.entryCount, null]);
    }
  });

  test('of nothing is one, too', async () => {
    const trace = await openedTrace(traceFile(linesOf({ ...emptyHistory(), header: JSON.parse(lines[0]!) })));
    expect([trace.entryCount, trace.firstSeq, trace.lastSeq, trace.units(), trace.at(1)]).toEqual([0, 0, 0, [], null]);
  });

  test('has the shape that its schema says, line by line', async () => {
    const { $defs } = traceJsonSchema();
    const nested = $defs.snapshot.properties.snapshot as { readonly required: readonly string[] };
    const output = { runId: 'r', text: '', sizeBytes: 0, truncated: false, endedMs: null };
    const outputs = [{ seq: 1, unitId: 'db', output }];
    const piece = linesOf(historyIn(await story({ rounds: 4 })), { fromSeq: 30, outputs });
    for (const line of piece) {
      const value = JSON.parse(line) as Record<string, unknown>;
      if ('snapshot' in value)
        expect(Object.keys(value.snapshot as object).sort()).toEqual([...nested.required].sort());
      const name = ['reeve', 'aseq', 'snapshot', 'output', 'end'].findIndex((key) => key in value);
      const { required } = $defs[(['header', 'entry', 'snapshot', 'output', 'footer'] as const)[name]!];
      expect(Object.keys(value)).toEqual(required);
    }
  });
});

describe('what is no trace, or not ours to read, is said in words:', () => {
  const foreign: readonly (readonly [string, () => readonly string[] | Buffer, string])[] = [
    ['an empty file', () => [], 'NotATrace: FILE is no trace: it is empty.'],
    ['a text', () => ['Dear diary,\n'], 'NotATrace: FILE is no trace: it does not begin with {"reeve":"trace".'],
    [
      'bytes',
      () => Buffer.from([0, 255, 10, 254]),
      'NotATrace: FILE is no trace: it does not begin with {"reeve":"trace".',
    ],
    ['half a header', () => [lines[0]!.slice(0, 60)], 'NotATrace: FILE is no trace: it has not a single whole line.'],
    [
      'a header of something else',
      () => ['{"reeve":"trace"}\n'],
      'NotATrace: FILE is no trace: its first line does not name a version.',
    ],
    [
      'a newer format',
      () => [header({ format: 99, machines: 'otherwise' }), ...lines.slice(1)],
      'TraceTooNew: Cannot read the trace FILE: its format is version 99, and this reeve knows only 1.',
    ],
    [
      'newer events',
      () => [header({ eventSchema: 99 }), ...lines.slice(1)],
      'TraceTooNew: Cannot read the trace FILE: its schema of events is version 99, and this reeve knows only 1.',
    ],
  ];
  test.each(foreign)('%s', async (_name, change, words) => {
    expect(await refusalOf(change())).toBe(words);
  });

  test('nothing at all, and a directory without a store', async () => {
    await expect(openTrace('/nowhere/at/all')).rejects.toMatchObject({ code: 'TraceUnreadable' });
    await expect(openTrace('/')).rejects.toMatchObject({ code: 'StoreMissing' });
  });
});

describe('a trace that is not as it was written is not taken for whole:', () => {
  const damage: readonly (readonly [string, () => readonly string[] | Buffer, RegExp])[] = [
    [
      'cut off at the end of a line',
      () => lines.slice(0, 30),
      /it has no last line: it was cut off after entry \d+\.$/,
    ],
    [
      'cut off in a line',
      () => [...lines.slice(0, 30), lines[30]!.slice(0, 40)],
      /line 31: it breaks off in the middle of a line/,
    ],
    ['without one entry', () => without(entryAt(20)), /before entry \d+, an entry of .+ is missing \(and 2 more\)/],
    [
      'without its last entry',
      () => without(lines.findLastIndex((line) => line.includes('"aseq":'))),
      /it has \d+ entries in order, and was written with \d+/,
    ],
    ['with an entry twice', () => lines.toSpliced(entryAt(20), 0, lines[entryAt(20)]!), /entry 20 comes twice/],
    [
      'in another order',
      () => lines.toSpliced(entryAt(20), 2, lines[entryAt(21)]!, lines[entryAt(20)]!),
      /entry 20 comes after entry 21/,
    ],
    [
      'with one letter changed',
      () => lines.with(entryAt(20), lines[entryAt(20)]!.replace('"event"', '"evenT"')),
      /its hash is another one/,
    ],
    [
      'with a line of something else',
      () => lines.toSpliced(20, 0, '{"hello":"there"}\n'),
      /line 21: it is no line of a trace/,
    ],
    ['with something after its end', () => [...lines, lines[5]!], /something follows after its last line/],
    ['with a broken last line', () => lines.with(-1, '{"end":{}}\n'), /its last line cannot be read/],
  ];
  test.each(damage)('%s', async (_name, change, words) => {
    const refusal = await refusalOf(change());
    expect(refusal).toMatch(words);
    expect(refusal).toMatch(/^TraceDamaged: The trace FILE is damaged: /);
    const trace = await openedTrace(traceFile(change()), { allowDamaged: true });
    expect(trace.faults.length).toBeGreaterThan(0);
    await verify(trace);
  });

  test('packed, and cut off or changed', async () => {
    const packed = gzipSync(lines.join(''));
    expect(gunzipSync(packed).length).toBeGreaterThan(packed.length);
    const changed = Buffer.from(packed);
    changed[packed.length >> 1]! ^= 0xff;
    for (const bytes of [packed.subarray(0, packed.length >> 1), packed.subarray(0, -1), changed]) {
      const path = traceFile(bytes, 'trace.packed');
      await expect(openTrace(path)).rejects.toMatchObject({ code: expect.stringMatching(/^TraceDamaged|NotATrace$/) });
    }
  });
});

test('whatever is done to its bytes, a trace is opened or refused in words, and never a crash', async () => {
  const whole = Buffer.from(lines.join(''));
  for (let seed = 1; seed <= 100; seed++) {
    const random = chance(seed);
    const bytes = mangled(whole, random);
    const path = traceFile(bytes);
    try {
      const trace = await openTrace(path, { allowDamaged: true });
      const { entries, same, different, untold } = await verify(trace);
      expect([seed, same + different + untold]).toEqual([seed, entries]);
      trace.units();
      for (const seq of [1, 20, trace.lastSeq]) trace.at(seq);
      trace.close();
      if (!bytes.equals(whole)) expect([seed, trace.faults.length > 0]).toEqual([seed, true]);
    } catch (error) {
      if (!isFault(error)) throw new Error(`seed ${seed}`, { cause: error });
    }
  }
});

/** As disks, editors and people do: bytes changed, lost, doubled, moved, and cut off. */
function mangled(whole: Buffer, random: () => number): Buffer {
  const at = (): number => Math.floor(random() * whole.length);
  const [from, length, to] = [at(), Math.ceil(random() ** 4 * 2_000), at()];
  const piece = whole.subarray(from, from + length);
  const changed = Buffer.from(whole);
  return oneOf(
    [
      () => changed.fill(Math.floor(random() * 256), from, from + 1 + Math.floor(random() * 4)),
      () => Buffer.concat([whole.subarray(0, from), whole.subarray(from + length)]),
      () => Buffer.concat([whole.subarray(0, to), piece, whole.subarray(to)]),
      () => whole.subarray(0, from),
      () =>
        Buffer.from(
          whole.toString('latin1').replaceAll(oneOf(['"type"', '[]', '"ms"', 'null', '{', '1'], random), '7'),
          'latin1',
        ),
    ],
    random,
  )();
}

const emptyHistory = () => ({
  unitIds: [],
  entryCount: 0,
  firstSeq: 0,
  lastSeq: 0,
  faults: [],
  entries: () => [],
  entry: () => null,
  seqThrough: () => 0,
  seqAt: () => 0,
  base: () => null,
  outputs: () => [],
  close() {},
});
