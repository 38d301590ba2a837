import { on } from 'node:events';
import { emitKeypressEvents } from 'node:readline';
import { diff, fork, problemOf, seek } from '../../../index.ts';
import type { Context } from '../context.ts';
import { BadUsage } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { editsOf } from './edits.ts';
import { forkLines, headlineOf } from './fork.ts';
import type { OpenHistory } from './open-history.ts';
import { keysThatStop } from './step-keys.ts';
import { arrive, beginStepping, type Ground, type Key, press, type StepSession } from './step-session.ts';
import { type StepFrame, viewOf } from './step-view.ts';
import { seqAt } from './when.ts';

const ESCAPE = '\u001b[';
const ENTER = `${ESCAPE}?1049h${ESCAPE}?25l`;
const LEAVE = `${ESCAPE}?25h${ESCAPE}?1049l`;
const HOME = `${ESCAPE}H`;
const CLEAR_LINE = `${ESCAPE}0K`;

/** Entries after the one that is edited which a fork lives through: nobody wants to wait for more at a key. */
const FORK_ENTRIES = 2_000;

/** `--step`: a history on the screen of a terminal, a key a step. */
export async function stepThrough(context: Context, history: OpenHistory, when: string | undefined): Promise<number> {
  const { terminal, json, interrupts } = context;
  const { trace } = history;
  const { stdin } = process;
  if (json || !terminal.isInteractive || !stdin.isTTY) {
    const what = '--step is for people at a terminal.';
    throw new BadUsage({ what, hint: 'Elsewhere, use `reeve replay --list`, --at, --diff and --why.' });
  }
  const ground: Ground = {
    firstSeq: trace.firstSeq,
    lastSeq: trace.lastSeq,
    unitOf: (seq) => trace.entry(seq)?.unitId,
    seqAt: (text) => seqAt(trace, text),
  };
  let frame = await frameOf(history, await beginAt(history, when));
  const draw = (notice = frame.session.notice): Promise<void> => {
    const view = viewOf({ ...frame, session: { ...frame.session, notice } }, terminal);
    return terminal.write(`${HOME}${view.map((line) => `${line}${CLEAR_LINE}`).join('\r\n')}`);
  };
  using _screen = takeScreen(stdin);
  using _resize = onDisposal(terminal.onResize(() => void draw()));
  await terminal.write(ENTER);
  await draw();
  using stops = keysThatStop(stdin);
  for await (const [, key] of on(stdin, 'keypress', { close: ['end', 'close'], signal: interrupts.signal })) {
    if (stops.hasTaken(key)) continue;
    const session = press(frame.session, key as Key, ground);
    if (session.isOver) break;
    const note = (notice: string): void => void draw(notice);
    const signal = AbortSignal.any([stops.signal(), interrupts.signal]);
    const there = await perform(history, session, { signal, note });
    stops.done();
    frame = await frameOf(history, there);
    await draw();
  }
  return EXIT.done;
}

async function beginAt({ trace, unit }: OpenHistory, when: string | undefined): Promise<StepSession> {
  const ofUnit = unit === undefined ? {} : { unit };
  const seq = when === undefined ? await seek(trace, 0, ofUnit) : seqAt(trace, when);
  return beginStepping(seq ?? seqAt(trace, '0'), unit);
}

/** Does what a key has asked for. Whoever does not want to wait any more presses another one. */
async function perform(
  { trace }: OpenHistory,
  session: StepSession,
  { signal, note }: { readonly signal: AbortSignal; readonly note: (notice: string) => void },
): Promise<StepSession> {
  const { task } = session;
  if (!task) return session;
  try {
    if (task.does === 'fork') {
      note('living through it once more …');
      const line = fork(trace, { edits: editsOf(trace, task.edits), to: session.seq + FORK_ENTRIES });
      return { ...session, task: null, fork: [headlineOf(line, trace), '', ...forkLines(line)] };
    }
    const onProgress = (seq: number): void => note(`looking at entry ${seq}; any key stops the search`);
    return arrive(session, await seek(trace, task.from, { ...task.move, signal, onProgress }));
  } catch (error) {
    const notice = signal.aborted ? 'The search was stopped.' : problemOf(error).message;
    return { ...session, task: null, notice };
  }
}

async function frameOf({ trace }: OpenHistory, session: StepSession): Promise<StepFrame> {
  const { seq } = session;
  const moment = trace.at(seq)!;
  const { unitId } = moment;
  return {
    project: trace.header.project,
    firstSeq: trace.firstSeq,
    lastSeq: trace.lastSeq,
    session,
    moment,
    printed: unitId === '' ? null : await trace.printed(unitId, seq),
    changes: diff(trace, seq - 1, seq, unitId),
  };
}

/** Takes the keys one by one, and gives the terminal back as it was: also when the process ends in between. */
function takeScreen(stdin: NodeJS.ReadStream): Disposable {
  emitKeypressEvents(stdin);
  stdin.setRawMode(true);
  stdin.resume();
  const giveBack = (): void => {
    process.off('exit', giveBack);
    stdin.setRawMode(false);
    stdin.pause();
    process.stdout.write(LEAVE);
  };
  process.once('exit', giveBack);
  return onDisposal(giveBack);
}

const onDisposal = (end: () => void): Disposable => ({ [Symbol.dispose]: end });
