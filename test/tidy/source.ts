import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file as the guards see it. `path` is relative to the root of the project, with slashes. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

const TEXT = /\.(ts|js|mjs|json|jsonc|md|mmd|svg|sql|sh|ya?ml|html|css|txt)$|^\.ci\/|^[^/.]+$/;

/** Every text file that is in git, or would be with the next `git add`. */
export function sourcesOf(root: string): readonly Source[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  return String(listed)
    .split('\0')
    .filter((path) => TEXT.test(path) && existsSync(join(root, path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

const QUOTED = /(?<quoted>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")/;
const TEMPLATE = /(?<template>`(?:\\.|[^`\\])*`)/;
const COMMENT = /(?<comment>\/\/.*|\/\*[\s\S]*?\*\/)/;
const STRINGS_AND_COMMENTS = new RegExp([QUOTED, TEMPLATE, COMMENT].map(({ source }) => source).join('|'), 'g');

/** The text without comments, line by line as it was. */
export const withoutComments = (text: string): string =>
  text.replaceAll(STRINGS_AND_COMMENTS, (whole, ...rest) => (groupsOf(rest).comment ? linesOnly(whole) : whole));

/** The text without comments and without what is quoted: what is left is executed. Templates stay, for their `${}`. */
export const executed = (text: string): string =>
  text.replaceAll(STRINGS_AND_COMMENTS, (whole, ...rest) => {
    const { comment, quoted } = groupsOf(rest);
    return comment ? linesOnly(whole) : quoted ? "''" : whole;
  });

export const lineOf = (text: string, index: number): number => text.slice(0, index).split('\n').length;

const groupsOf = (rest: readonly unknown[]): Record<string, string | undefined> =>
  rest.at(-1) as Record<string, string | undefined>;

const linesOnly = (words: string): string => words.replaceAll(/[^\n]/g, '');
