import { styleText } from 'node:util';
import type { Printed, TraceDiff, TraceMoment } from '../../../index.ts';
import { shortened } from '../render/rows.ts';
import { momentLines } from './moment-lines.ts';
import { clockOf, dayOf } from './stamps.ts';
import { PROMPTS } from './step-prompt.ts';
import { STEP_KEYS, type StepSession } from './step-session.ts';
import { differenceLines, plain } from './words.ts';

/** Everything that is to be seen at one place of a history. */
export interface StepFrame {
  readonly project: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly session: StepSession;
  readonly moment: TraceMoment;
  readonly printed: Printed | null;
  /** What this entry changed. */
  readonly changes: readonly TraceDiff[];
}

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** A screen of text: never more lines than there are rows, and none wider than there are columns. */
export function viewOf(frame: StepFrame, { columns, rows }: ScreenSize): readonly string[] {
  const body = bodyOf(frame, columns);
  const room = Math.max(1, rows - 3);
  const shown = body.length <= room ? body : [...body.slice(0, room - 1), `  … ${body.length - room + 1} more lines`];
  const blank = Array<string>(room - shown.length).fill('');
  const lines = [titleOf(frame), '', ...shown, ...blank, footerOf(frame, columns)];
  const [title = '', ...rest] = lines.slice(-rows).map((line) => shortened(plain(line), columns));
  return [styleText('inverse', title.padEnd(columns)), ...rest];
}

function titleOf({ project, firstSeq, lastSeq, moment: { entry }, session: { unit } }: StepFrame): string {
  const only = unit === undefined ? '' : `  only ${unit === '' ? '(supervisor)' : unit}`;
  return ` ${project}  ${entry.seq} of ${firstSeq}…${lastSeq}  ${dayOf(entry.atMs)} ${clockOf(entry.atMs)}${only}`;
}

function bodyOf(frame: StepFrame, columns: number): readonly string[] {
  const { isHelp, fork, prompt } = frame.session;
  if (isHelp) return helpLines();
  if (fork) return fork.flatMap((line) => wrapped(line, columns));
  if (prompt?.asks === 'edit') return JSON.stringify(frame.moment.entry.event, null, 2).split('\n');
  return lookLines(frame, columns);
}

function lookLines({ moment, printed, changes }: StepFrame, columns: number): readonly string[] {
  // Waits and commands are shown as they are now, below.
  const differences = changes.flatMap((one) => one.differences).filter(({ path }) => /^(?:value|context)\b/.test(path));
  const changed =
    differences.length === 0 ? [] : ['', '       changed', ...differenceLines(differences, { indent: INDENT })];
  const [sentence = '', ...facts] = momentLines(moment, printed);
  return [...wrapped(sentence, columns), ...changed, '', ...facts];
}

/** A sentence on as many lines as it needs. */
function wrapped(sentence: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of plain(sentence).split(/(?<=\S) /)) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = `${INDENT}${word}`;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

const INDENT = '         ';

const helpLines = (): readonly string[] => STEP_KEYS.map(([keys, what]) => `  ${keys.padEnd(16)} ${what}`);

function footerOf({ session: { prompt, seq, notice, fork } }: StepFrame, columns: number): string {
  if (prompt) {
    const [asked, typed] = [` ${PROMPTS[prompt.asks](seq)}`, prompt.asks === 'fork' ? '' : `${prompt.typed}_`];
    // What is typed is seen, whatever its length.
    const room = columns - typed.length;
    return room < asked.length ? `${asked.slice(0, Math.max(0, room))}${typed}`.slice(-columns) : `${asked}${typed}`;
  }
  if (fork) return ' Nothing of it ever happened. Any key: back to what did.';
  return ` ${notice || '→ ← step  ↓ ↑ ten  s state  c command  e error  t time  f fork  h help  q leave'}`;
}
