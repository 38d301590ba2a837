/** Pieces of histories in words and lines. */
import { stripVTControlCharacters } from 'node:util';
import { type Difference, type Entry, printState } from '../../../index.ts';
import { clockOf } from './stamps.ts';

const SEQ_WIDTH = 5;
const VALUE_CHARS_MAX = 160;

/** A history may be somebody else's: what it says must not move the cursor. */
export const plain = (text: string): string => stripVTControlCharacters(text).replace(/\p{Cc}/gu, ' ');

export const nameOf = (unitId: string): string => (unitId === '' ? '(supervisor)' : plain(unitId));

/** `   42  12:03:55.120  ` and what there is to say. */
export const lineAt = ({ seq, atMs }: Pick<Entry, 'seq' | 'atMs'>, text: string): string =>
  `${String(seq).padStart(SEQ_WIDTH)}  ${clockOf(atMs)}  ${plain(text)}`;

/** `entry 42 (run.exited → reaped.backoff)`; its number is its own in a line that never happened. */
export const entryWords = ({ seq, event, value }: Entry): string =>
  `entry ${seq} (${event.type} → ${printState(value)})`;

/** A value in one line, cut where it is too long to be read. */
export function valueWords(value: unknown): string {
  if (value === undefined) return '(nothing)';
  const text = JSON.stringify(value);
  return text.length <= VALUE_CHARS_MAX ? text : `${text.slice(0, VALUE_CHARS_MAX - 1)}…`;
}

/** Where in a wait or a command nothing is that people would look for. */
const BESIDE_THE_POINT = /^(?:timers|pending)\.\d+\.(?:seq|index|dueMs|dueMonoMs|restore)$/;

/** What people look for among differences. `--json` has all of them. */
export const telling = (differences: readonly Difference[]): readonly Difference[] =>
  differences.filter(({ path }) => !BESIDE_THE_POINT.test(path));

const PATHS_SHOWN = 20;

/** Where two values differ: a line that was, and a line that is. */
export function differenceLines(
  differences: readonly Difference[],
  { indent = '', marks: [was, is] = ['-', '+'] }: { indent?: string; marks?: readonly [string, string] } = {},
): readonly string[] {
  const lines = differences.slice(0, PATHS_SHOWN).flatMap(({ path, before, after }) => {
    const at = path === '' ? '' : `${path}: `;
    return [
      ...(before === undefined ? [] : [`${indent}${was} ${at}${valueWords(before)}`]),
      ...(after === undefined ? [] : [`${indent}${is} ${at}${valueWords(after)}`]),
    ];
  });
  const more = differences.length - PATHS_SHOWN;
  return more > 0 ? [...lines, `${indent}… and ${more} more`] : lines;
}
