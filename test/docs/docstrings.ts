/** The examples in the docstrings of the sources, as functions that say whether what they claim is so. */
import type { Source } from '../tidy/source.ts';
import { fencesOf } from './markdown.ts';

export interface Example {
  /** The module that it explains, from the root of the project. */
  readonly path: string;
  readonly line: number;
  /** TypeScript, for the inside of an async function; it calls `$check(line, actual, expected)` for every claim. */
  readonly code: string;
  readonly claims: number;
}

export function examplesOf(sources: readonly Source[]): readonly Example[] {
  return sources.flatMap(({ path, text }) =>
    [...text.matchAll(/^[ \t]*\/\*\*[\s\S]*?\*\//gm)].flatMap(({ 0: comment, index }) => {
      const above = text.slice(0, index).split('\n').length - 1;
      const markdown = comment.replaceAll(/^[ \t]*(?:\/\*\*| \*\/| ?\* ?)/gm, '');
      return fencesOf(markdown)
        .filter(({ language }) => language === 'ts')
        .map(({ code, line }) => exampleOf(path, above + line, code));
    }),
  );
}

/** `expression // => value` is a claim. A value in prose, or with an ellipsis, is not compared; its line still runs. */
function exampleOf(path: string, line: number, code: string): Example {
  let claims = 0;
  const lines = code.split('\n').map((text, index) => {
    const { expression, value } = /^(?<expression>.+?);?\s*\/\/ => (?<value>.+)$/.exec(text)?.groups ?? {};
    if (expression === undefined || value === undefined || !isComparable(value)) return text;
    claims++;
    return `$check(${line + index}, await (${expression}), (${value}));`;
  });
  return { path, line, claims, code: lines.join('\n') };
}

const isComparable = (value: string): boolean =>
  /^(?:['"`[{\d-]|true$|false$|null$|undefined$)/.test(value) && !/…|\.\.\./.test(value);
