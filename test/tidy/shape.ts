import { importsOf, isCode, isOurs } from './imports.ts';
import { lineOf, type Source } from './source.ts';

const LINES_MAX = 250;
/** The lives of units: one table of states and events. It is read by looking things up, and loses by being cut. */
const TABLES = ['src/machines/life.ts'];
const COLUMNS_MAX = 120;
const VAGUE = ['utils', 'util', 'helpers', 'helper', 'common', 'misc', 'shared', 'lib'];
const KEBAB = /^[a-z0-9]+(?:[-.][a-z0-9]+)*$/;

/** A file that cannot be read at once holds more than one idea. */
export function tooLong(sources: readonly Source[]): readonly string[] {
  return sources
    .filter((source) => isCode(source) && isOurs(source))
    .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ path, lines }) => lines > LINES_MAX && !TABLES.includes(path))
    .map(({ path, lines }) => `${path} has ${lines} lines, at most ${LINES_MAX}: split it by idea`);
}

export function tooWide(sources: readonly Source[]): readonly string[] {
  return sources
    .filter(isCode)
    .flatMap(({ path, text }) =>
      text
        .split('\n')
        .flatMap((line, index) =>
          [...line].length > COLUMNS_MAX ? [`${path}:${index + 1} is wider than ${COLUMNS_MAX} columns`] : [],
        ),
    );
}

/** Names say what a file is about; these say that nobody knew. */
export function vagueNames(sources: readonly Source[]): readonly string[] {
  return sources
    .filter(isCode)
    .flatMap(({ path }) => path.split('/').map((part) => ({ path, name: part.replace(/\.ts$/, '') })))
    .flatMap(({ path, name }) => {
      if (VAGUE.includes(name)) return [`${path}: "${name}" names nothing; name the idea, or put it where it is used`];
      return KEBAB.test(name) ? [] : [`${path}: "${name}" is not in kebab-case`];
    });
}

const HAS_EXTENSION = /\.(?:ts|js|mjs|cjs|json|sql|md|svg|ya?ml|html|sh)$/;
/** As in `new URL('..', import.meta.url)`. */
const IS_FOLDER = /(?:^|\/)\.{0,2}$/;

export function importsWithoutExtension(sources: readonly Source[]): readonly string[] {
  return sources
    .filter(isCode)
    .flatMap(importsOf)
    .filter(
      ({ specifier }) => specifier.startsWith('.') && !HAS_EXTENSION.test(specifier) && !IS_FOLDER.test(specifier),
    )
    .map(
      ({ from, specifier }) => `${from} imports ${specifier}: write the extension, Node runs our sources as they are`,
    );
}

/** The project must mean the same on every machine. Put together here, so that this file does not name one itself. */
const SOMEBODYS_HOME = new RegExp(
  `(?<![\\w.:/~$}-])/(?:${['work', 'home', 'Users', 'root'].join('|')})/[\\w.@-]+`,
  'g',
);

export function machinePaths(sources: readonly Source[]): readonly string[] {
  return sources.flatMap(({ path, text }) =>
    [...text.matchAll(SOMEBODYS_HOME)].map(
      ({ 0: found, index }) => `${path}:${lineOf(text, index)} has ${found}: a path of one machine`,
    ),
  );
}

/** Files that nothing imports are dead, or were forgotten. `entries` are those the world starts with. */
export function unreachable(sources: readonly Source[], entries: readonly RegExp[]): readonly string[] {
  const imported = new Set(
    sources
      .filter(isCode)
      .filter(isOurs)
      .flatMap(importsOf)
      .map(({ file }) => file),
  );
  return sources
    .filter((source) => isCode(source) && isOurs(source) && !source.path.endsWith('.d.ts'))
    .map(({ path }) => path)
    .filter((path) => !imported.has(path) && !entries.some((entry) => entry.test(path)))
    .map((path) => `${path} is imported by nothing in src, and is no entry`);
}
