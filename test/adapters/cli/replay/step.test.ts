/** The stepper: keys in, a place and a screen out; and once for real, at a terminal. */
import { spawn, spawnSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { keysThatStop } from '../../../../src/adapters/cli/replay/step-keys.ts';
import {
  arrive,
  beginStepping,
  type Ground,
  type Key,
  press,
  STEP_KEYS,
  type StepSession,
} from '../../../../src/adapters/cli/replay/step-session.ts';
import { type StepFrame, viewOf } from '../../../../src/adapters/cli/replay/step-view.ts';
import { diff, type Entry, seek, type Trace } from '../../../../src/index.ts';
import { story } from '../../../support/story.ts';
import { historyIn, linesOf, openedTrace, traceFile } from '../../../support/traces.ts';
import { said } from './said.ts';

const MAIN = join(import.meta.dirname, '../../../../src/adapters/cli/main.ts');

let lines: readonly string[] = [];
let file = '';
let trace: Trace;
let entries: readonly Entry[] = [];
beforeEach(async () => {
  if (lines.length === 0) lines = linesOf(historyIn(await story({ rounds: 12 })));
  file = traceFile(lines);
  trace = await openedTrace(file);
  entries = lines.map((line) => JSON.parse(line)).filter((line) => 'aseq' in line);
});

const ground = (): Ground => ({
  firstSeq: trace.firstSeq,
  lastSeq: trace.lastSeq,
  unitOf: (seq) => trace.entry(seq)?.unitId,
  seqAt(text) {
    if (text === '+1s') return 50;
    throw new Error(`"${text}" is neither an entry nor a time.`);
  },
});

/** Keys as they are typed: a capital letter is one with shift. */
const keysOf = (text: string): readonly Key[] =>
  [...text].map((letter) => ({
    name: letter === '\r' ? 'return' : letter === '+' ? undefined : letter.toLowerCase(),
    shift: /[A-Z]/.test(letter),
    sequence: letter,
  }));

async function walk(keys: readonly Key[], seq = 20): Promise<StepSession> {
  let session = beginStepping(seq, undefined);
  for (const key of keys) {
    session = press(session, key, ground());
    const { task } = session;
    if (task?.does === 'seek') session = arrive(session, await seek(trace, task.from, task.move));
  }
  return session;
}
const seqAfter = async (keys: string, seq = 20): Promise<number> => (await walk(keysOf(keys), seq)).seq;
const named = (name: string): Key => ({ name });
const CTRL_C: Key = { name: 'c', ctrl: true };

describe('a key', () => {
  test('leads one on or back, ten on or back, to the beginning or the end', async () => {
    expect(await Promise.all(['n', 'b', 'nn', 'nb', 'g', 'G'].map((keys) => seqAfter(keys)))).toEqual([
      21,
      19,
      22,
      20,
      1,
      trace.lastSeq,
    ]);
    const places = ['right', 'left', 'down', 'up', 'home', 'end'].map(async (name) => (await walk([named(name)])).seq);
    expect(await Promise.all(places)).toEqual([21, 19, 30, 10, 1, trace.lastSeq]);
    // Where there are no ten more, the last one is what was meant.
    expect((await walk([named('down')], trace.lastSeq - 3)).seq).toBe(trace.lastSeq);
  });

  test('leads to the next and the last change of a state, command and error', async () => {
    const isIn = (next: Entry): boolean => next.unitId !== '' && next.commands.some(({ type }) => type === 'launch');
    const launch = entries.find((entry) => entry.seq > 20 && isIn(entry))!;
    expect(await seqAfter('c', launch.seq - 1)).toBe(launch.seq);
    expect(await seqAfter('C', await seqAfter('c', 20))).toBeLessThan(await seqAfter('c', 20));
    const failed = entries.find(({ seq, event }) => seq > 20 && event.type === 'run.exited')!;
    expect(await seqAfter('e', failed.seq - 1)).toBe(failed.seq);
    expect(await seqAfter('E', failed.seq + 1)).toBe(failed.seq);
    const changed = await seqAfter('s');
    const between = entries.filter(({ seq }) => seq > 20 && seq <= changed);
    const isSame = ({ seq, unitId, value }: Entry): boolean =>
      JSON.stringify(trace.at(seq - 1, unitId)?.unit?.value) === JSON.stringify(value);
    expect(between.map(isSame)).toEqual([...between.slice(1).map(() => true), false]);
  });

  test('that leads nowhere says so, and stays', async () => {
    const { seq, notice } = await walk(keysOf('n'), trace.lastSeq);
    expect([seq, notice]).toEqual([trace.lastSeq, 'This is the end.']);
    expect(await walk(keysOf('b'), 1)).toMatchObject({ seq: 1, notice: 'This is the beginning.' });
    expect(await walk(keysOf('E'), 1)).toMatchObject({ seq: 1, notice: 'No error before this.' });
    expect(await walk(keysOf('x'))).toMatchObject({ seq: 20, notice: 'h shows what the keys do.' });
  });

  test('keeps to one unit, and lets go of it', async () => {
    const own = trace.entry(20)!.unitId;
    const next = entries.find(({ seq, unitId }) => seq > 20 && unitId === own)!.seq;
    expect(await walk(keysOf('un'))).toMatchObject({ seq: next, unit: own });
    expect(await walk(keysOf('uun'))).toMatchObject({ seq: 21, unit: undefined });
  });

  test('after t is part of a time, until it is entered or given up', async () => {
    expect(await walk(keysOf('t+1'))).toMatchObject({ seq: 20, prompt: { asks: 'place', typed: '+1' } });
    expect(await walk(keysOf('t+1s\r'))).toMatchObject({ seq: 50, prompt: null });
    expect(await walk([...keysOf('tn'), named('backspace'), ...keysOf('+1s\r')])).toMatchObject({ seq: 50 });
    expect(await walk([...keysOf('tq'), named('escape')])).toMatchObject({ seq: 20, prompt: null, isOver: false });
    expect(await walk(keysOf('tx\r'))).toMatchObject({ seq: 20, notice: '"x" is neither an entry nor a time.' });
  });

  test('shows the help, leaves it, and leaves all of it', async () => {
    const helps = ['h', 'hh', 'hn'].map(async (keys) => (await walk(keysOf(keys))).isHelp);
    expect(await Promise.all(helps)).toEqual([true, false, false]);
    const over = [keysOf('q'), [CTRL_C]].map(async (keys) => (await walk(keys)).isOver);
    expect(await Promise.all(over)).toEqual([true, true]);
    expect((await walk([...keysOf('t'), CTRL_C])).isOver).toBe(true);
  });

  test('forks where one is: without the entry, with another event, or with one more before it', async () => {
    const task = async (keys: string) => (await walk(keysOf(keys))).task;
    expect([await task('fd'), await task('feexit.code=0\r'), await task('fe{"type":"x"}\r')]).toEqual([
      { does: 'fork', edits: { drop: ['20'] } },
      { does: 'fork', edits: { edit: ['20.exit.code=0'] } },
      { does: 'fork', edits: { edit: ['20={"type":"x"}'] } },
    ]);
    const unit = trace.entry(20)!.unitId;
    const inserted = { does: 'fork', edits: { insert: [`20:${unit}=stop.requested`] } };
    expect(await task('fistop.requested\r')).toEqual(inserted);
    // Nothing is asked for without a word, by a wrong letter, or after it was given up.
    expect([await task('fe\r'), await task('fx'), (await walk([...keysOf('f'), named('escape')])).prompt]).toEqual([
      null,
      null,
      null,
    ]);
  });

  test('leads back from a fork, whichever it is', async () => {
    const forked: StepSession = { ...beginStepping(20, undefined), fork: ['The lines part'] };
    for (const key of keysOf('nqf')) {
      expect(press(forked, key, ground())).toEqual(beginStepping(20, undefined));
    }
    expect(press(forked, CTRL_C, ground()).isOver).toBe(true);
  });
});

describe('the screen', () => {
  const frameAt = (seq: number, more: Partial<StepFrame> = {}): StepFrame => {
    const moment = trace.at(seq)!;
    const { firstSeq, lastSeq } = trace;
    const session = beginStepping(seq, undefined);
    const changes = diff(trace, seq - 1, seq, moment.unitId);
    return { project: 'test', firstSeq, lastSeq, session, moment, printed: null, changes, ...more };
  };
  const shown = (frame: StepFrame, columns = 80, rows = 24): readonly string[] =>
    viewOf(frame, { columns, rows }).map((line) => stripVTControlCharacters(line));

  test('fits, whatever its size, and whatever there is to be seen', () => {
    for (const [columns, rows] of [
      [80, 24],
      [20, 5],
      [200, 60],
    ] as const) {
      for (const { seq } of entries) {
        const view = shown(frameAt(seq), columns, rows);
        expect([seq, view.length, view.every((line) => line.length <= columns)]).toEqual([seq, rows, true]);
      }
    }
  });

  test('tells what happened, what it changed, and where one is', () => {
    const seq = entries.find(({ event }) => event.type === 'run.exited')!.seq;
    const view = shown(frameAt(seq), 200, 60);
    expect(view[0]).toMatch(new RegExp(`^ test {2}${seq} of 1…${trace.lastSeq} `));
    expect(view[2]).toContain(trace.at(seq)!.sentence);
    expect(view.some((line) => /^ +\+ value\.stopping: /.test(line))).toBe(true);
    expect(view.some((line) => /^ +state +stopping\.sweeping$/.test(line))).toBe(true);
    expect(view.at(-1)).toContain('h help');
  });

  test('shows every key in its help, and what is typed', () => {
    const session = { ...beginStepping(20, undefined), isHelp: true };
    const help = shown(frameAt(20, { session })).join('\n');
    for (const [keys, what] of STEP_KEYS) expect(help).toContain(`${keys.padEnd(16)} ${what}`);
    const typing = (prompt: StepSession['prompt']) => ({ session: { ...beginStepping(20, undefined), prompt } });
    expect(shown(frameAt(20, typing({ asks: 'place', typed: '+2' }))).at(-1)).toBe(' to: +2_');
    // The end of it is what is being typed.
    const long = shown(frameAt(20, typing({ asks: 'edit', typed: `{"type":"${'x'.repeat(100)}"}` })));
    expect(long.at(-1)).toMatch(/x"}_$/);
    expect(long.join('\n')).toContain('"type": ');
  });

  test('is not moved by what a program had printed', () => {
    const printed = {
      runId: 'r',
      text: '\u001b[2Jgone\u0007\r\n',
      upTo: 'then',
      truncated: false,
      sizeBytes: 9,
    } as const;
    const view = viewOf(frameAt(20, { printed }), { columns: 80, rows: 60 });
    expect(view.slice(1).join('')).not.toMatch(/\p{Cc}/u);
    expect(view.join('\n')).toContain('| gone');
  });
});

test('while something takes its time, a key stops it and means nothing else', () => {
  const keyboard = new EventEmitter();
  using stops = keysThatStop(keyboard);
  const [before, during, after] = ['a', 'b', 'c'].map((name) => ({ name }));
  keyboard.emit('keypress', 'a', before);
  const signal = stops.signal();
  expect(signal.aborted).toBe(false);
  keyboard.emit('keypress', 'b', during);
  expect(signal.aborted).toBe(true);
  stops.done();
  keyboard.emit('keypress', 'c', after);
  expect([before, during, after].map(stops.hasTaken)).toEqual([false, true, false]);
});

test('without a terminal nobody is walked through anything', async () => {
  expect(await said(['replay', file, '--step'])).toMatchObject({
    code: 1,
    out: [],
    err: ['--step is for people at a terminal.', expect.any(String)],
  });
});

const hasScript = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') ?? false;

// Only `script` of util-linux gives a pseudo terminal to a program that has none.
test.skipIf(!hasScript)(
  'at a terminal, keys lead on, and the terminal is given back',
  { timeout: 60_000 },
  async () => {
    const command = `"${process.execPath}" "${MAIN}" replay "${file}" --step`;
    const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const signal = AbortSignal.timeout(50_000);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const shows = async (text: string): Promise<void> => {
      while (!stripVTControlCharacters(output).includes(text)) await once(child.stdout, 'data', { signal });
      output = '';
    };
    const closed = once(child, 'close', { signal });
    const { lastSeq } = trace;
    await shows(` 1 of 1…${lastSeq} `);
    for (const [keys, text] of [
      ['n', ` 2 of 1…${lastSeq} `],
      ['\u001b[C', ` 3 of 1…${lastSeq} `],
      ['\u001b[B', ` 13 of 1…${lastSeq} `],
      ['t20\r', ` 20 of 1…${lastSeq} `],
      ['?', 'the next, the last error'],
      ['fd', 'lived through again with 1 change'],
      ['x', ` 20 of 1…${lastSeq} `],
      ['fenonsense\r', '--edit does not understand "20.nonsense"'],
    ] as const) {
      child.stdin.write(keys);
      await shows(text);
    }
    child.stdin.write('q');
    const [code] = await closed;
    expect([code, output.includes('\u001b[?25h\u001b[?1049l')]).toEqual([0, true]);
  },
);
