import { styleText } from 'node:util';
import type { Printed, TraceDiff, TraceMoment } from '../../../index.ts';
import { shortened } from '../render/rows.ts';
import { momentLines } from './moment-lines.ts';
import { clockOf, dayOf } from './stamps.ts';
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
  const body = frame.session.isHelp ? helpLines() : lookLines(frame, columns);
  const room = Math.max(1, rows - 3);
  const shown = body.length <= room ? body : [...body.slice(0, room - 1), `  … ${body.length - room + 1} more lines`];
  const lines = [titleOf(frame), '', ...shown, ...Array<string>(room - shown.length).fill(''), footerOf(frame)];
  const [title = '', ...rest] = lines.slice(-rows).map((line) => shortened(plain(line), columns));
  return [styleText('inverse', title.padEnd(columns)), ...rest];
}

function titleOf({ project, firstSeq, lastSeq, moment: { entry }, session: { unit } }: StepFrame): string {
  const only = unit === undefined ? '' : `  only ${unit === '' ? '(supervisor)' : unit}`;
  return ` ${project}  ${entry.seq} of ${firstSeq}…${lastSeq}  ${dayOf(entry.atMs)} ${clockOf(entry.atMs)}${only}`;
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

function footerOf({ session: { typed, notice } }: StepFrame): string {
  if (typed !== null) return ` to: ${typed}_`;
  return ` ${notice || '→ ← step  ↓ ↑ ten  s state  c command  e error  t time  u unit  h help  q leave'}`;
}
