/** Histories on the command line: what the library gives, and nothing else. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { diff, type Trace, verify, why } from '../../../../src/index.ts';
import { stateDirectory } from '../../../support/state-directory.ts';
import { story } from '../../../support/story.ts';
import { temporaryDirectory } from '../../../support/temporary.ts';
import { historyIn, linesOf, openedTrace, traceFile } from '../../../support/traces.ts';
import { document, said } from './said.ts';

let lines: readonly string[] = [];
let file = '';
let trace: Trace;
/** The history is made once, and changed by nobody. */
beforeEach(async () => {
  if (lines.length === 0) lines = linesOf(historyIn(await story({ rounds: 12 })));
  file = traceFile(lines);
  trace = await openedTrace(file);
});

/** The numbers that lines of a history begin with. */
const seqsOf = (out: readonly string[]): readonly number[] => out.map((line) => Number(/^ *(\d+) {2}/.exec(line)?.[1]));

describe('replay', () => {
  test('says that all of it is decided again as it was, and of a unit the same', async () => {
    const { entryCount } = trace;
    expect(await said(['replay', file])).toEqual({
      code: 0,
      out: [`test: ${entryCount} entries, all of them decided again as they were recorded.`],
      err: [],
    });
    const own = await document<{ ok: boolean; entries: number }>(['replay', file, '--unit', 'fla']);
    expect([own.ok, own.entries]).toEqual([true, (await verify(trace, { unit: 'flaky' })).entries]);
  });

  test('finds a trace by any name, as long as no unit is called so', async () => {
    const packed = traceFile(lines, 'packed');
    const { code } = await said(['replay', 'packed'], { cwd: dirname(packed) });
    expect(code).toBe(0);
    expect(await said(['replay', 'other'], { cwd: dirname(packed) })).toMatchObject({ code: 3 });
    // Nothing is read from what never ends.
    const { err } = await said(['replay', '/dev/zero']);
    expect(err[0]).toBe('/dev/zero is no trace: it is neither a file nor a pipe.');
  });

  test('does not say that all is well where nothing was looked at', async () => {
    const refused = (
      await Promise.all([
        said(['replay', file, '--from', '30', '--to', '20']),
        said(['replay', file, '--from', String(trace.lastSeq + 1)]),
      ])
    ).map(({ code, out, err }) => [code, out, err[0]]);
    expect(refused).toEqual([
      [1, [], '--from 30 is later than --to 20.'],
      [1, [], `There is nothing from ${trace.lastSeq + 1} on.`],
    ]);
    expect(await said(['replay', file, '--from', '30', '--to', '30'])).toMatchObject({ code: 0 });
  });

  test('names the first divergence with unit, entry, expected and found, and is 1', async () => {
    const at = lines.findIndex((line) => line.includes('"event":{"type":"run.exited"'));
    const { seq, unitId } = JSON.parse(lines[at]!) as { seq: number; unitId: string };
    const changed = traceFile(lines.with(at, lines[at]!.replace(/"code":\d+/, '"code":77')));
    const refused = await said(['replay', changed]);
    expect([refused.code, refused.out, refused.err[0]]).toEqual([
      1,
      [],
      `The trace ${changed} is damaged: it is not what was written: its hash is another one.`,
    ]);
    const { code, out } = await said(['replay', changed, '--allow-damaged']);
    expect([code, out.slice(0, 2)]).toEqual([
      1,
      [
        '! it is not what was written: its hash is another one',
        expect.stringMatching(
          new RegExp(`^"${unitId}", entry ${seq} \\(run\\.exited\\): recorded changes .* the machine`),
        ),
      ],
    ]);
    expect(out).toEqual(expect.arrayContaining([expect.stringMatching(/^ {2}\+ outcome\.code: 77$/)]));
  });

  test('with other machines shows what those would have done, and is 1', async () => {
    const cwd = temporaryDirectory();
    const life = new URL('../../../../src/machines/life.ts', import.meta.url).href;
    writeFileSync(
      join(cwd, 'machines.ts'),
      `import { serverMachine } from '${life}';\n` +
        'export const machines = { server: serverMachine.provide({ guards: { policyRestarts: () => false } }) };\n',
    );
    const { code, out } = await said(['replay', file, '--machines', 'machines.ts'], { cwd });
    expect([code, out[0]]).toEqual([
      1,
      expect.stringMatching(/^"flaky", entry \d+ \(run\.swept\): recorded state \{"reaped":"backoff"\}, the machine/),
    ]);
    for (const [name, text, words] of [
      ['none.mjs', 'export const server = 1;', /exports no machines\.$/],
      ['broken.mjs', 'import "./nowhere.ts";', /^Cannot load the machines of /],
    ] as const) {
      writeFileSync(join(cwd, name), text);
      const refused = await said(['replay', file, '--machines', name], { cwd });
      expect([refused.code, refused.err[0]]).toEqual([1, expect.stringMatching(words)]);
    }
  });

  test('asked for two things at once does neither', async () => {
    expect(await said(['replay', file, '--list', '--why', '3'])).toMatchObject({
      code: 1,
      out: [],
      err: ['--list and --why exclude each other.', expect.any(String)],
    });
  });
});

describe('a look', () => {
  test('lists every entry once, in words and as JSON', async () => {
    const all = Array.from({ length: trace.entryCount }, (_, index) => index + 1);
    const { code, out } = await said(['replay', file, '--list']);
    expect([code, seqsOf(out)]).toEqual([0, all]);
    const { entries } = await document<{ entries: { seq: number; sentence: string }[] }>(['replay', file, '--list']);
    expect(entries.map(({ seq }) => seq)).toEqual(all);
    expect(entries[10]?.sentence).toBe(trace.at(11)?.sentence);
    const some = await said(['replay', file, '--list', '--from', '5', '--to', '9']);
    expect(seqsOf(some.out)).toEqual([5, 6, 7, 8, 9]);
  });

  test('at a point shows all that the library knows of it', async () => {
    const changed = diff(trace, 29, 30, trace.at(30)!.unitId)[0]!.differences;
    const moment = JSON.parse(JSON.stringify({ ...trace.at(30), changed, printed: null }));
    expect(await document(['replay', file, '--at', '30'])).toEqual(moment);
    const { out, err } = await said(['replay', file, '--at', '30', '--unit', 'db']);
    expect(err).toEqual([]);
    const beyond = await said(['replay', file, '--at', String(trace.lastSeq + 1)]);
    expect(beyond.err).toEqual([`There is no entry ${trace.lastSeq + 1} here: this is the last one before it.`]);
    expect(out).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^ +30 {2}\d\d:\d\d:\d\d\.\d{3} {2}"/),
        expect.stringMatching(/^ +unit +db$/),
        expect.stringMatching(new RegExp(`^ +state +${trace.at(30, 'db')?.state?.replace('.', '\\.')}$`)),
      ]),
    );
  });

  test('finds a point by its time, in every way that people write one', async () => {
    const entry = trace.entry(trace.lastSeq)!;
    const iso = new Date(entry.atMs).toISOString();
    const after = `+${entry.atMs - trace.entry(1)!.atMs}ms`;
    const ms = String(entry.atMs % 1_000).padStart(3, '0');
    const clock = `${new Date(entry.atMs).toTimeString().slice(0, 8)}.${ms}`;
    for (const when of [iso, after, clock, '999999']) {
      const { seq } = await document<{ seq: number }>(['replay', file, '--at', when]);
      expect([when, seq]).toEqual([when, trace.lastSeq]);
    }
    for (const [when, words] of [
      ['yesterday', '"yesterday" is neither an entry nor a time.'],
      ['0', 'Nothing had happened by 0.'],
      ['1999-01-01', 'Nothing had happened by 1999-01-01.'],
      ['25:00', '"25:00" is neither an entry nor a time.'],
    ] as const) {
      const { code, err } = await said(['replay', file, '--at', when]);
      expect([code, err[0]]).toEqual([1, words]);
    }
  });

  test('between two points shows what changed', async () => {
    const units = JSON.parse(JSON.stringify(diff(trace, 16, 40, 'db')));
    const argv = ['replay', file, '--unit', 'db', '--diff', '16', '40'];
    expect(await document(argv)).toEqual({ from: 16, to: 40, units });
    const { out } = await said(argv);
    expect(out[0]).toBe('db');
    expect(out.slice(1).every((line) => /^ {2}[-+…] /.test(line))).toBe(true);
    expect((await said(['replay', file, '--diff', '40', '40'])).err).toEqual([
      'Nothing changed between entry 40 and entry 40.',
    ]);
    expect((await said(['replay', file, '--diff', '40'])).err[0]).toBe('--diff takes two points, not 1.');
  });

  test('watches one value, and tells what changed it', async () => {
    const { out } = await said(['replay', file, '--unit', 'flaky', '--watch', 'restarts']);
    expect(out.slice(0, 2)).toEqual([
      expect.stringMatching(/flaky {2}\(nothing\) → 0 {2}by unit\.added$/),
      expect.stringMatching(/flaky {2}0 → 1 {2}by run\.swept because of \d+ \(flaky run\.exited\)$/),
    ]);
    expect(await said(['replay', file, '--watch', 'nowhere.at.all'])).toEqual({
      code: 0,
      out: [],
      err: ['There is nothing of that in this history.'],
    });
  });

  test('tells why, back to where it began', async () => {
    const chain = JSON.parse(JSON.stringify(why(trace, { unit: 'flaky', state: 'settled' })));
    const argv = ['replay', file, '--unit', 'flaky', '--why', 'settled'];
    expect(await document(argv)).toEqual(chain);
    const { out, err } = await said(argv);
    expect([seqsOf(out), err]).toEqual([
      chain.links.map(({ entry }: { entry: { seq: number } }) => entry.seq),
      ['That was asked for: it began there.'],
    ]);
    expect((await said(['replay', file, '--why', 'settled'])).err[0]).toBe('Of which unit?');
    expect((await said(['replay', file, '--unit', 'db', '--why', 'asleep'])).err).toEqual([
      '"db" never came into the state "asleep" in this trace.',
      'See what there is with `reeve replay --list`.'.padStart(47),
    ]);
  });

  test('evaluates an expression at every entry, and says what is wrong with one', async () => {
    const { out } = await said(['replay', file, '--unit', 'build', '--to', '40', '--eval', 'context.restarts']);
    expect(out[0]).toMatch(/build {2}unit\.added {2}0$/);
    const { values } = await document<{ values: { value: unknown }[] }>([
      'replay',
      file,
      '--eval',
      'state',
      '--to',
      '3',
    ]);
    expect(values.map(({ value }) => value)).toEqual([1, 2, 3].map((seq) => trace.at(seq)?.state));
    expect(await said(['replay', file, '--eval', '1 +'])).toMatchObject({ code: 1, out: [] });
  });

  test('that goes wrong in the middle is one JSON document all the same', async () => {
    const expression = 'entry.seq > 2 ? $error("too late") : entry.seq';
    const { code, out, err } = await said(['replay', file, '--eval', expression, '--json']);
    const { values, error } = JSON.parse(out.join('\n')) as { values: { value: number }[]; error: { code: string } };
    expect([code, err, values.map(({ value }) => value), error.code]).toEqual([1, [], [1, 2], 'BadExpression']);
  });

  test('at a chain of causes without end shows what is near, and how it began', async () => {
    const flapped = join(import.meta.dirname, '../../../../examples/incident/shop.jsonl.gz');
    const argv = ['replay', flapped, '--unit', 'web', '--why', 'stopping'];
    const { links } = await document<{ links: readonly { entry: { seq: number } }[] }>(argv);
    const seqs = links.map(({ entry }) => entry.seq);
    const { out } = await said(argv);
    expect(seqsOf(out)).toEqual([...seqs.slice(0, 12), Number.NaN, ...seqs.slice(-3)]);
    expect(out[12]).toContain(`… ${seqs.length - 15} more causes in between`);
  });
});

describe('a fork', () => {
  const exited = (): { readonly seq: number } =>
    JSON.parse(lines.find((line) => line.includes('"unitId":"flaky"') && line.includes('{"type":"run.exited"'))!);

  test('without an edit is what was recorded', async () => {
    expect((await said(['replay', file, '--fork', '1'])).out).toEqual([
      'The lines do not part: all of it happens as it was recorded.',
    ]);
  });

  test('shows where and how the lines part, and keeps what it is a fork of', async () => {
    const { seq } = exited();
    const argv = ['replay', file, '--edit', `${seq}.exit.code=0`, '--to', String(seq + 12)];
    const { code, out, err } = await said(argv);
    expect([code, err, out[0]]).toEqual([
      0,
      [expect.stringMatching(/, lived through again with 1 change\. Nothing of it ever happened\.$/)],
      `The lines part: flaky had entry ${seq} (run.exited → stopping.sweeping), ` +
        `and has entry ${seq} (run.exited → stopping.sweeping)`,
    ]);
    expect(out).toContain('  - event.exit.code: 3');
    expect(out).toContain('  + event.exit.code: 0');
    const { provenance, partings } = await document<{ provenance: object; partings: { unitId: string }[] }>(argv);
    expect([provenance, partings[0]?.unitId]).toEqual([
      {
        path: file,
        project: 'test',
        from: seq,
        to: seq + 12,
        edits: [{ seq, event: { ...trace.entry(seq)?.event, exit: expect.objectContaining({ code: 0 }) } }],
        otherMachines: false,
      },
      'flaky',
    ]);
  });

  test('drops, moves and inserts, and refuses what it does not understand', async () => {
    const { seq } = exited();
    const edits = async (...argv: readonly string[]) =>
      (await document<{ provenance: { edits: unknown } }>(['replay', file, ...argv])).provenance.edits;
    expect(await edits('--drop', String(seq))).toEqual([{ seq, drop: true }]);
    expect(await edits('--insert', `${seq}:db=stop.requested`)).toEqual([
      { seq, insert: { unit: 'db', event: { type: 'stop.requested', requestId: null, by: 'fork' } } },
    ]);
    const launched = JSON.parse(lines.findLast((line) => line.includes('{"type":"run.launched"'))!) as { seq: number };
    expect(await edits('--move', `${launched.seq}:${seq}`)).toEqual([{ seq: launched.seq, moveTo: seq }]);
    for (const argv of [
      ['--edit', 'x'],
      ['--insert', '5'],
      ['--move', '5'],
      ['--drop', 'api'],
      ['--edit', '99999.a=1'],
    ]) {
      const { code, out } = await said(['replay', file, ...argv]);
      expect([argv, code, out]).toEqual([argv, 1, []]);
    }
    // A word that is nearly one would change nothing, and say nothing about it.
    const { err } = await said(['replay', file, '--insert', `${seq}:db=stop.requsted`]);
    expect(err).toEqual(['There is no event "stop.requsted".', '  Did you mean "stop.requested"?']);
  });
});

describe('many traces', () => {
  function directory(): string {
    const cwd = dirname(file);
    mkdirSync(join(cwd, 'histories', 'deep'), { recursive: true });
    writeFileSync(join(cwd, 'histories', 'README.md'), 'not a trace');
    writeFileSync(join(cwd, 'histories', 'deep', 'good.jsonl'), lines.join(''));
    return cwd;
  }

  test('are verified one after the other, and one that is not as it was makes it 1', async () => {
    const cwd = directory();
    const name = 'histories/deep/good.jsonl';
    const good = `✓ ${name}: ${trace.entryCount} entries, all of them decided again as they were recorded.`;
    for (const pattern of ['histories/**', 'histories', 'histories/deep/good.jsonl']) {
      expect(await said(['replay', '--ci', pattern], { cwd })).toEqual({
        code: 0,
        out: [good],
        err: ['1 trace: all as recorded.'],
      });
    }
    writeFileSync(join(cwd, 'histories', 'cut.jsonl'), lines.slice(0, -1).join(''));
    const { code, out, err } = await said(['replay', '--ci', 'histories/**'], { cwd });
    expect([code, out[0], out.at(-1), err]).toEqual([
      1,
      '✗ histories/cut.jsonl',
      good,
      ['2 traces: 1 not as recorded.'],
    ]);
    const { ok, traces } = await document<{ ok: boolean; traces: { ok: boolean }[] }>(['replay', '--ci', 'histories'], {
      cwd,
    });
    expect([ok, traces.map((one) => one.ok)]).toEqual([false, [false, true]]);
  });

  test('that are not there are a mistake, and not a success', async () => {
    const cwd = directory();
    expect(await said(['replay', '--ci', 'historys/**'], { cwd })).toMatchObject({
      code: 1,
      out: [],
      err: [`There is no trace historys/** in ${cwd}.`, expect.any(String)],
    });
  });
});

describe('trace', () => {
  test('export writes a piece that can be looked at as the whole can, and overwrites nothing', async () => {
    const cwd = temporaryDirectory();
    const argv = [
      'trace',
      'export',
      'flaky',
      'db',
      '--of',
      file,
      '--around',
      '60',
      '--entries',
      '20',
      '-o',
      'piece.jsonl.gz',
    ];
    const { path, entries, firstSeq } = await document<{ path: string; entries: number; firstSeq: number }>(argv, {
      cwd,
    });
    const piece = await openedTrace(path);
    expect([piece.entryCount, piece.firstSeq >= 40, firstSeq]).toEqual([entries, true, piece.firstSeq]);
    expect((await said(['replay', 'piece.jsonl.gz'], { cwd })).code).toBe(0);
    expect((await said(argv, { cwd })).err[0]).toBe(
      `Cannot write ${path}: it is there already, and nothing is overwritten.`,
    );
  });

  test('export without a file is the lines themselves, redacted', async () => {
    const { out } = await said(['trace', 'export', '--of', file, '--to', '20', '--redact', 'fl[a-z]ky']);
    expect(JSON.parse(out[0]!)).toMatchObject({ reeve: 'trace' });
    expect(JSON.parse(out.at(-1)!)).toMatchObject({ end: { entries: 20 } });
    expect((await said(['trace', 'export', '--of', file, '--json'])).err[0]).toBe(
      'A trace is many lines, and no JSON document.',
    );
    expect((await said(['trace', 'export', '--of', file, '--redact', '('])).code).toBe(1);
  });

  test('import keeps a trace at hand by its name, and nothing of it becomes a unit', async () => {
    const at = { cwd: dirname(file), stateDir: stateDirectory() };
    expect((await said(['trace', 'list'], at)).err).toEqual(['There are none: `reeve trace import` takes one in.']);
    expect(await said(['trace', 'import', 'trace.jsonl'], at)).toMatchObject({ code: 0, out: ['trace.jsonl'] });
    expect((await said(['trace', 'list'], at)).out).toEqual(['trace.jsonl']);
    const elsewhere = { ...at, cwd: temporaryDirectory() };
    expect((await said(['replay', 'trace.jsonl'], elsewhere)).code).toBe(0);
    expect((await said(['replay'], elsewhere)).code).toBe(3);
  });

  test('schema is a JSON Schema', async () => {
    expect(await document(['trace', 'schema'])).toMatchObject({ $schema: expect.stringContaining('json-schema.org') });
  });
});
