import { stripVTControlCharacters } from 'node:util';
import type { RunId } from '../../machines/vocabulary.ts';
import { type Answer, type Bounds, failed, PASSED } from './answer.ts';
import type { RunView } from './run-view.ts';

/** A longer line is searched in pieces. */
const LINE_CHARS_MAX = 64 * 1024;
/** What two such pieces have in common: a match that is longer may be missed where they meet. */
const OVERLAP_CHARS = 1024;

/** Searches what a run prints, line by line, while it is printed. */
export interface LogSearch {
  /** Has it printed a match? For readiness since its first byte, for liveness since it was asked the last time. */
  ask(bounds: Bounds): Promise<Answer>;
  close(): void;
}

/**
 * Follows what a run prints by the events of its file, and holds no more of it than one line. Colours are left out, and
 * a line that is not ended yet counts when nothing more of it came for as long as a question may take.
 */
export function searchLog(runId: RunId, pattern: string, forReady: boolean, view: RunView): LogSearch {
  const closing = new AbortController();
  const finder = lineFinder(new RegExp(pattern));
  const heard = Promise.withResolvers<void>();
  let isFirst = true;
  let problem: string | null = null;
  let following: Promise<void> | null = begin();

  function begin(): Promise<void> {
    problem = null;
    const printed = view.follow(runId, { ...(forReady ? { fromByte: 0 } : {}), signal: closing.signal });
    return follow(printed).catch((error: NodeJS.ErrnoException) => {
      problem = error.code ?? error.message;
      following = null;
    });
  }

  async function follow(printed: AsyncIterable<string>): Promise<void> {
    for await (const text of printed) {
      if (finder.add(text)) heard.resolve();
      // What is there already comes in one go. Whoever else wants to do something comes first.
      await new Promise(setImmediate);
    }
  }

  return {
    async ask({ signal }) {
      following ??= begin();
      if (forReady && !finder.hasFound()) await firstOf([heard.promise, following], signal);
      if (problem !== null) return { is: 'unasked', detail: `what it prints cannot be read: ${problem}` };
      const found = finder.hasFound() || finder.endsWithMatch();
      if (forReady) return found ? PASSED : failed(`it has not printed /${pattern}/ so far`);
      finder.forget();
      const passes = found || isFirst;
      isFirst = false;
      return passes ? PASSED : failed(`it has not printed /${pattern}/ since it was asked the last time`);
    },
    close: () => closing.abort(),
  };
}

/** Until one of them is over, or nobody waits any more. */
function firstOf(promises: readonly Promise<void>[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
    for (const promise of promises) void promise.then(resolve);
  });
}

/** Takes text in pieces of any size, and says whether a line in it matches. */
export function lineFinder(pattern: RegExp) {
  let line = '';
  let found = false;
  const matches = (text: string): boolean => pattern.test(stripVTControlCharacters(text));
  return {
    /** `true`: something has matched by now. */
    add(text: string): boolean {
      const lines = (line + text).split(/\r\n|\n|\r/);
      line = lines.pop() ?? '';
      found ||= lines.some(matches);
      if (line.length <= LINE_CHARS_MAX) return found;
      found ||= matches(line);
      line = line.slice(-OVERLAP_CHARS);
      return found;
    },
    hasFound: () => found,
    /** Whether the line that is not ended yet matches as it is. */
    endsWithMatch: () => line !== '' && matches(line),
    forget() {
      found = false;
    },
  };
}
