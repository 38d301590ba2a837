import { asRegExp } from '../../machines/spec.ts';
import type { RunId } from '../../machines/vocabulary.ts';
import { type LineFinder, type LineSearch, searchLines } from './lines.ts';
import type { RunView } from './run-view.ts';

/** What is longer is no message: something that is meant for another file was written into this one. */
export const MESSAGE_CHARS_MAX = 4_096;

export interface MessagePorts {
  readonly view: RunView;
  /** Told once. */
  readonly warn: (words: string) => void;
}

/**
 * Has a run said this to us, in the file that `REEVE_MESSAGES` names? For readiness since it began, whoever listened
 * then; for liveness since it was asked the last time. One line is one message, and half a line is none yet.
 */
export const searchMessages = (
  runId: RunId,
  message: string,
  fromBeginning: boolean,
  { view, warn }: MessagePorts,
): LineSearch =>
  searchLines({
    follow: (options) => view.messages(runId, options),
    finder: messageFinder(message, () => warn(TOO_LONG)),
    fromBeginning,
    what: `said ${asRegExp(message) === null ? `"${message}"` : message} in its messages`,
  });

const TOO_LONG = `It writes more than ${MESSAGE_CHARS_MAX} characters a line to REEVE_MESSAGES. Those are no messages.`;

/** `message`: the whole line, or `/regex/`. */
export function messageFinder(message: string, tellTooLong: () => void): LineFinder {
  const source = asRegExp(message);
  const pattern = source === null ? null : new RegExp(source);
  let line = '';
  let isTooLong = false;
  let wasTold = false;
  let found = false;

  const end = (rest: string): void => {
    const whole = line + rest;
    if (whole.length > MESSAGE_CHARS_MAX) drop();
    const text = whole.endsWith('\r') ? whole.slice(0, -1) : whole;
    if (!isTooLong && (pattern?.test(text) ?? text === message)) found = true;
    line = '';
    isTooLong = false;
  };
  const drop = (): void => {
    line = '';
    isTooLong = true;
    if (!wasTold) tellTooLong();
    wasTold = true;
  };

  return {
    add(text) {
      const pieces = text.split('\n');
      const rest = pieces.pop() ?? '';
      for (const piece of pieces) end(piece);
      if (!isTooLong) line += rest;
      if (line.length > MESSAGE_CHARS_MAX) drop();
      return found;
    },
    hasFound: () => found,
    endsWithMatch: () => false,
    forget() {
      found = false;
    },
  };
}
