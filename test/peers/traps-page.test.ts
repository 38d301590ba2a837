/** What diagrams/traps.md relies on is there. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type CitedTest, citedTests } from '../docs/cited-tests.ts';
import { rowsOf, sectionOf } from '../docs/markdown.ts';
import { sourcesOf } from '../tidy/source.ts';

const sources = sourcesOf(fileURLToPath(new URL('../..', import.meta.url)));
const textOf = (path: string): string => sources.find((source) => source.path === path)?.text ?? '';
const page = textOf('diagrams/traps.md');
const traps = rowsOf(sectionOf(page, 'Fifty traps'));
const bugs = rowsOf(sectionOf(page, 'Famous bugs'));

/** A title stands in its file as a whole, in quotes, and not as a part of another one. */
const isThere = ({ path, title }: CitedTest): boolean =>
  ["'", '`', '"'].some((quote) => textOf(path).includes(quote + title + quote));

test('the fifty traps are numbered, and each has its answer', () => {
  expect(traps.map(([number]) => Number(number))).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  expect(traps.filter((cells) => cells.length !== 4 || cells.includes(''))).toEqual([]);
});

test('every trap and every bug names a test that there is, or says what is missing', () => {
  const faults = [...traps, ...bugs].flatMap(([name, ...cells]) => {
    const said = cells.at(-1) ?? '';
    const cited = citedTests(said);
    const missing = cited.filter((one) => !isThere(one));
    return [
      ...missing.map(({ path, title }) => `${name}: there is no test “${title}” in ${path}`),
      ...(cited.length > 0 || said.startsWith('Not yet: ') ? [] : [`${name} names no test`]),
    ];
  });
  expect(faults).toEqual([]);
});

test('every scenario of a famous bug is on the page', () => {
  const scenarios = ['stopping', 'restarting'].flatMap((name) => {
    const path = `test/peers/${name}.test.ts`;
    return [...textOf(path).matchAll(/'(?<title>[^'\n]+ #\d+\))'/g)].map(({ groups }) => `${path} ${groups?.title}`);
  });
  const cited = bugs.flatMap((cells) => citedTests(cells.at(-1) ?? '')).map(({ path, title }) => `${path} ${title}`);
  expect(cited.sort()).toEqual(scenarios.sort());
});
