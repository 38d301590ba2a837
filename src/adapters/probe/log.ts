import { stripVTControlCharacters } from 'node:util';
import type { RunId } from '../../machines/vocabulary.ts';
import { type LineFinder, type LineSearch, searchLines } from './lines.ts';
import type { RunView } from './run-view.ts';

/** A longer line is searched in pieces. */
const LINE_CHARS_MAX = 64 * 1024;
/** What two such pieces have in common: a match that is longer may be missed where they meet. */
const OVERLAP_CHARS = 1024;

/**
 * Has a run printed a match? For readiness since its first byte, for liveness since it was asked the last time.
 *
 * Colours are left out, and a line that is not ended yet counts when nothing more of it came for as long as a question
 * may take.
 */
export const searchLog = (runId: RunId, pattern: string, fromBeginning: boolean, view: RunView): LineSearch =>
  searchLines({
    follow: (options) => view.follow(runId, options),
    finder: lineFinder(new RegExp(pattern)),
    fromBeginning,
    what: `printed /${pattern}/`,
  });

export function lineFinder(pattern: RegExp): LineFinder {
  let line = '';
  let found = false;
  const matches = (text: string): boolean => pattern.test(stripVTControlCharacters(text));
  return {
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
    endsWithMatch: () => line !== '' && matches(line),
    forget() {
      found = false;
    },
  };
}
