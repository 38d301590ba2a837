/** The house style that a machine can check. Each guard is tested by breaking it, in test/tidy/. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { banned } from './tidy/bans.ts';
import { outwardImports } from './tidy/layers.ts';
import { packagesAwayFromHome } from './tidy/packages.ts';
import { importsWithoutExtension, machinePaths, tooLong, tooWide, unreachable, vagueNames } from './tidy/shape.ts';
import { sourcesOf } from './tidy/source.ts';

const sources = sourcesOf(fileURLToPath(new URL('..', import.meta.url)));
/** Where the world comes in: package.json's exports, and the command. */
const ENTRIES = [/^src\/[^/]+\.ts$/, /^src\/adapters\/cli\/main\.ts$/];

test.each([
  ['imports point inwards', outwardImports(sources)],
  ['packages stay in their homes', packagesAwayFromHome(sources)],
  ['nothing banned is used', banned(sources)],
  ['files are short enough to be read at once', tooLong(sources)],
  ['lines fit on a page', tooWide(sources)],
  ['names say what a file is about', vagueNames(sources)],
  ['relative imports carry their extension', importsWithoutExtension(sources)],
  ['no path of one machine is written down', machinePaths(sources)],
  ['every file is imported, or is an entry', unreachable(sources, ENTRIES)],
])('%s', (_rule, offences) => {
  expect(offences).toEqual([]);
});

test('the sources were found', () => {
  expect(sources.map(({ path }) => path)).toEqual(expect.arrayContaining(['src/index.ts', 'test/tidy.test.ts']));
});
