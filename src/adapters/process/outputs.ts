import type { Clock, OutputQuery, OutputSlice, Outputs } from '../../actors/ports.ts';
import { BadPattern } from './errors.ts';
import { followOutput } from './output-follow.ts';
import { type OutputWindow, openWindow, startOfLastLines, textOf } from './output-window.ts';
import { runPaths } from './run-directory.ts';

/** An answer is held in memory, so it has a size. Larger outputs are followed, or read as files. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
/** A longer line is searched in pieces: a program may print gigabytes without a newline. */
const LINE_CHARS_MAX = 1024 * 1024;
const LINES = 10;

/**
 * What runs have printed, read from their files: with or without a driver that watches them.
 *
 * `maxBytes` cuts first, keeping the end; then the mode applies to what is left.
 */
export function processOutputs({ stateDir, clock }: { readonly stateDir: string; readonly clock: Clock }): Outputs {
  return {
    read: async (runId, query) => {
      const pattern = patternOf(query);
      const window = await openWindow(runPaths(stateDir, runId).out, windowBytes(query));
      if (!window) return { text: '', truncated: false, sizeBytes: 0 };
      try {
        return await slice(window, query, pattern);
      } finally {
        await window.file.close();
      }
    },
    follow: (runId, options) => followOutput(runPaths(stateDir, runId), clock, options),
  };
}

/** A search may go through all of it and a head begins at its beginning: only their answers are bounded. */
function windowBytes({ mode, maxBytes }: OutputQuery): number {
  if (maxBytes !== undefined)
    return mode === 'full' || mode === 'tail' ? Math.min(maxBytes, ANSWER_BYTES_MAX) : maxBytes;
  return mode === 'full' || mode === 'tail' ? ANSWER_BYTES_MAX : Number.POSITIVE_INFINITY;
}

function patternOf({ mode, pattern }: OutputQuery): RegExp | null {
  if (mode !== 'grep') return null;
  if (!pattern) throw new BadPattern({ pattern: '', reason: 'there is nothing to search for' });
  try {
    return new RegExp(pattern);
  } catch (error) {
    const reason = (error as SyntaxError).message.split(': ').at(-1) ?? 'it is no regular expression';
    throw new BadPattern({ pattern, reason: reason.toLowerCase() });
  }
}

async function slice(window: OutputWindow, query: OutputQuery, pattern: RegExp | null): Promise<OutputSlice> {
  const { sizeBytes, startByte } = window;
  const cut = startByte > 0;
  const answer = (text: string, truncated: boolean): OutputSlice => ({ text, truncated, sizeBytes });
  if (pattern) {
    const { text, dropped } = await matches(window, pattern, query.lines ?? Number.POSITIVE_INFINITY);
    return answer(text, cut || dropped);
  }
  if (query.mode === 'head') {
    const { text, dropped } = await head(window, query.lines ?? LINES);
    return answer(text, cut || dropped);
  }
  const from = query.mode === 'tail' ? await startOfLastLines(window, query.lines ?? LINES) : startByte;
  // A tail that begins after the cut has lost nothing by it.
  return answer(await joined(textOf(window, from)), cut && from === startByte);
}

async function joined(texts: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of texts) text += piece;
  return text;
}

async function head(window: OutputWindow, lines: number): Promise<{ text: string; dropped: boolean }> {
  let text = '';
  let left = lines;
  for await (const batch of linesOf(window)) {
    text += batch.slice(0, left).join('');
    if (text.length > ANSWER_BYTES_MAX) return { text: text.slice(0, ANSWER_BYTES_MAX), dropped: true };
    left -= batch.length;
    if (left <= 0) break;
  }
  return { text, dropped: false };
}

/** The last `lines` lines that match, each with a newline. Cut now and then only: there may be millions. */
async function matches(
  window: OutputWindow,
  pattern: RegExp,
  lines: number,
): Promise<{ text: string; dropped: boolean }> {
  let text = '';
  let dropped = false;
  const shorten = (): void => {
    const kept = lastLines(text, lines);
    const cut = kept.length - ANSWER_BYTES_MAX;
    dropped ||= cut > 0;
    text = cut > 0 ? kept.slice(kept.indexOf('\n', cut - 1) + 1) : kept;
  };
  for await (const batch of linesOf(window)) {
    const hits = batch.map(withoutNewline).filter((line) => pattern.test(line));
    if (hits.length > 0) text += `${hits.join('\n')}\n`;
    if (text.length > 2 * ANSWER_BYTES_MAX) shorten();
  }
  shorten();
  return { text, dropped };
}

/** Of a text whose every line ends with a newline. */
function lastLines(text: string, lines: number): string {
  let from = text.length;
  for (let left = lines; left > 0; left--) {
    // The newline right before `from` ends the line that is being skipped.
    const newline = from >= 2 ? text.lastIndexOf('\n', from - 2) : -1;
    if (newline < 0) return text;
    from = newline + 1;
  }
  return text.slice(from);
}

function withoutNewline(line: string): string {
  if (!line.endsWith('\n')) return line;
  return line.slice(0, line.endsWith('\r\n') ? -2 : -1);
}

/** Lines with their newlines, a chunk's at a time; the last one may lack it, and is no line if it is empty. */
async function* linesOf(window: OutputWindow): AsyncGenerator<readonly string[]> {
  let rest = '';
  for await (const piece of textOf(window, window.startByte)) {
    rest += piece;
    const whole = rest.slice(0, rest.lastIndexOf('\n') + 1);
    if (whole !== '') yield whole.match(/[^\n]*\n/g) ?? [];
    rest = rest.slice(whole.length);
    if (rest.length <= LINE_CHARS_MAX) continue;
    yield [rest];
    rest = '';
  }
  if (rest !== '') yield [rest];
}
