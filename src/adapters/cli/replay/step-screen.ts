import { on } from 'node:events';
import { emitKeypressEvents } from 'node:readline';
import { diff, seek } from '../../../index.ts';
import type { Context } from '../context.ts';
import { BadUsage } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { OpenHistory } from './open-history.ts';
import { beginStepping, type Ground, type Key, press, type StepSession } from './step-session.ts';
import { type StepFrame, viewOf } from './step-view.ts';
import { seqAt } from './when.ts';

const ESCAPE = '\u001b[';
const ENTER = `${ESCAPE}?1049h${ESCAPE}?25l`;
const LEAVE = `${ESCAPE}?25h${ESCAPE}?1049l`;
const HOME = `${ESCAPE}H`;
const CLEAR_LINE = `${ESCAPE}0K`;

/** `--step`: a history on the screen of a terminal, a key a step. */
export async function stepThrough(context: Context, history: OpenHistory, when: string | undefined): Promise<number> {
  const { terminal, json, interrupts } = context;
  const { trace, unit } = history;
  const { stdin } = process;
  if (json || !terminal.isInteractive || !stdin.isTTY) {
    const what = '--step is for people at a terminal.';
    throw new BadUsage({ what, hint: 'Elsewhere, use `reeve replay --list`, --at, --diff and --why.' });
  }
  const ground: Ground = {
    firstSeq: trace.firstSeq,
    lastSeq: trace.lastSeq,
    seek: (seq, options) => seek(trace, seq, options),
    unitOf: (seq) => trace.entry(seq)?.unitId,
    seqAt: (text) => seqAt(trace, text),
  };
  const first = when === undefined ? (seek(trace, 0, unit === undefined ? {} : { unit }) ?? 0) : seqAt(trace, when);
  let session = beginStepping(first === 0 ? seqAt(trace, '0') : first, unit);
  const draw = async (): Promise<void> => {
    const view = viewOf(await frameOf(history, session), terminal);
    await terminal.write(`${HOME}${view.map((line) => `${line}${CLEAR_LINE}`).join('\r\n')}`);
  };
  using _screen = takeScreen(stdin);
  using _resize = onDisposal(terminal.onResize(() => void draw()));
  await terminal.write(ENTER);
  await draw();
  for await (const [, key] of on(stdin, 'keypress', { close: ['end', 'close'], signal: interrupts.signal })) {
    session = press(session, key as Key, ground);
    if (session.isOver) break;
    await draw();
  }
  return EXIT.done;
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
