import { stripVTControlCharacters } from 'node:util';
import type { UnitSpec } from '../../machines/spec.ts';
import { type Answer, type Bounds, failed, PASSED, printMs } from './answer.ts';

/** A command that is asked about a unit. It is run where the unit runs, and with its environment. */
export type CommandQuestion = Bounds & {
  readonly unit: UnitSpec;
  /** Where its run listens, where that is known. */
  readonly port: number | null;
  /** A string is for a shell, an array is executed as it is. */
  readonly command: string | readonly string[];
};

export interface CommandAnswer {
  readonly code: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  /** The last lines of what it printed. */
  readonly tail: string;
  /** Why it could not be run. `ours`: for a reason of our own. */
  readonly refused: { readonly why: string; readonly ours: boolean } | null;
}

/** Runs a command to its end, and no longer than `timeoutMs` or until `signal` aborts: then nothing of it is left. */
export type RunCommand = (question: CommandQuestion) => Promise<CommandAnswer>;

const SHOWN_CHARS_MAX = 80;

/** Does this command end with code 0 in time? */
export async function askExec(
  question: CommandQuestion,
  exec: RunCommand,
  redact = (text: string) => text,
): Promise<Answer> {
  const { command, signal, timeoutMs } = question;
  const answer = await exec(question);
  if (answer.code === 0) return PASSED;
  const name = `\`${shorten(redact(typeof command === 'string' ? command : command.join(' ')))}\``;
  if (answer.refused) {
    const detail = `${name} cannot be run: ${answer.refused.why}`;
    return answer.refused.ours ? { is: 'unasked', detail } : failed(detail);
  }
  if (answer.timedOut || signal.aborted) return failed(`${name} did not end within ${printMs(timeoutMs)}`);
  if (answer.signal !== null) return failed(`${name} was killed by ${answer.signal}`);
  // Half a secret would not be recognised as one: what is cut was redacted before.
  const line = shorten(lastLineOf(redact(answer.tail)));
  return failed(`${name} ended with code ${answer.code}${line && `: ${line}`}`);
}

const lastLineOf = (text: string): string =>
  text
    .split(/[\r\n]+/)
    .map((line) =>
      stripVTControlCharacters(line)
        .replace(/\p{Cc}/gu, ' ')
        .trim(),
    )
    .findLast((line) => line !== '') ?? '';

function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > SHOWN_CHARS_MAX ? `${line.slice(0, SHOWN_CHARS_MAX)}…` : line;
}
