/** Every guard meets an offender that it must name, and something innocent that it must leave alone. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { banned } from './bans.ts';
import { codesDocumentedIn, codesIn, codesThatDiffer } from './codes.ts';
import { outwardImports } from './layers.ts';
import { packagesAwayFromHome } from './packages.ts';
import { importsWithoutExtension, machinePaths, tooLong, tooWide, unreachable, vagueNames } from './shape.ts';
import type { Source } from './source.ts';

const file = (path: string, ...lines: readonly string[]): Source => ({ path, text: lines.join('\n') });
const importing = (path: string, specifier: string): Source => file(path, `import { x } from '${specifier}';`);

test.each([
  ['src/machines/server.ts', '../store/journal.ts'],
  ['src/store/journal.ts', '../actors/ports.ts'],
  ['src/actors/recorder.ts', '../adapters/log/pino.ts'],
  ['src/actors/recorder.ts', '../index.ts'],
  ['src/adapters/process/driver.ts', '../../actors/recorder.ts'],
  ['src/adapters/process/driver.ts', '../../store/rows.ts'],
  ['src/adapters/process/driver.ts', '../probe/tcp.ts'],
  ['src/index.ts', './adapters/cli/main.ts'],
  ['src/api/open.ts', '../adapters/config/load.ts'],
  ['src/adapters/cli/run.ts', '../../actors/ports.ts'],
  ['src/adapters/http/server.ts', '../../api/types.ts'],
  ['src/adapters/config/load.ts', '../log/pino.ts'],
])('%s may not import %s', (path, specifier) => {
  expect(outwardImports([importing(path, specifier)])).toHaveLength(1);
});

test.each([
  ['src/store/journal.ts', '../machines/events.ts'],
  ['src/actors/recorder.ts', '../store/rows.ts'],
  ['src/adapters/process/driver.ts', '../../actors/ports.ts'],
  ['src/adapters/process/driver.ts', '../../machines/spec.ts'],
  ['src/adapters/process/driver.ts', './record.ts'],
  ['src/adapters/process/driver.ts', '../system/identity.ts'],
  ['src/index.ts', './adapters/process/driver.ts'],
  ['src/testing.ts', './adapters/simulation/world.ts'],
  ['src/adapters/cli/run.ts', '../../index.ts'],
  ['src/adapters/cli/run.ts', '../http/client.ts'],
  ['test/store/journal.test.ts', '../../src/adapters/cli/run.ts'],
])('%s may import %s', (path, specifier) => {
  expect(outwardImports([importing(path, specifier)])).toEqual([]);
});

test('an import is seen however it is written, and not in a comment', () => {
  const path = 'src/machines/server.ts';
  const written = [
    `export * from '../index.ts';`,
    `import '../index.ts';`,
    `await import('../index.ts');`,
    `import type {\n  A,\n} from "../index.ts";`,
    `new URL('../index.ts', import.meta.url);`,
  ];
  expect(written.map((line) => outwardImports([file(path, line)]).length)).toEqual([1, 1, 1, 1, 1]);
  expect(outwardImports([file(path, `// import '../index.ts'`, `/* from '../index.ts' */`)])).toEqual([]);
});

test.each([
  ['src/store/journal.ts', 'xstate'],
  ['src/actors/recorder.ts', 'better-sqlite3'],
  ['src/adapters/probe/exec.ts', 'execa'],
  ['src/index.ts', 'pino'],
  ['src/adapters/process/driver.ts', 'effect'],
  ['test/store/journal.test.ts', 'effect'],
  ['src/machines/server.ts', 'effect/Effect'],
  ['src/actors/recorder.ts', 'effect/Effect'],
  ['src/adapters/process/driver.ts', 'effect/unstable/cli'],
  ['src/machines/server.ts', 'node:fs'],
  ['src/adapters/system/clock.ts', 'fs'],
  ['src/adapters/cli/run.ts', 'left-pad'],
])('%s may not use %s', (path, specifier) => {
  expect(packagesAwayFromHome([importing(path, specifier)])).toHaveLength(1);
});

test.each([
  ['src/machines/server.ts', 'xstate'],
  ['src/store/database.ts', 'better-sqlite3'],
  ['src/machines/spec.ts', 'effect/Schema'],
  ['src/store/errors.ts', 'effect/Data'],
  ['src/actors/interpreter.ts', 'effect/Effect'],
  ['src/adapters/process/driver.ts', 'effect/Effect'],
  ['src/adapters/http/server.ts', 'effect/unstable/http-api'],
  ['src/machines/definition.ts', 'node:crypto'],
  ['test/store/journal.test.ts', 'xstate'],
])('%s may use %s', (path, specifier) => {
  expect(packagesAwayFromHome([importing(path, specifier)])).toEqual([]);
});

const LATER = ['TO', 'DO'].join('');
test.each([
  ['src/machines/server.ts', 'const at = Date.now();'],
  ['src/store/journal.ts', 'const at = new Date();'],
  ['src/actors/recorder.ts', `const id = \`\${Math.random()}\`;`],
  ['src/actors/recorder.ts', 'const now = performance.now();'],
  ['src/actors/recorder.ts', 'setTimeout(() => {}, 5);'],
  ['src/machines/server.ts', '  after: {'],
  ['src/machines/server.ts', '  invoke: {'],
  ['src/adapters/process/driver.ts', 'console.log(1);'],
  ['test/store/journal.test.ts', 'await new Promise((done) => setTimeout(done, 5));'],
  ['test/store/journal.test.ts', `import { setTimeout } from 'node:timers/promises';`],
  ['test/store/journal.test.ts', "test.only('x', () => {});"],
  ['test/store/journal.test.ts', "describe.skip('x', () => {});"],
  ['src/store/journal.ts', `// ${LATER}: later`],
  ['src/store/journal.ts', 'const x = y as any;'],
  ['src/store/journal.ts', `// ${['@ts', 'ignore'].join('-')}`],
])('%s may not say: %s', (path, line) => {
  expect(banned([file(path, '', line)])).toEqual([expect.stringMatching(new RegExp(`^${path}:2 has .+; instead: `))]);
});

test.each([
  ['src/adapters/system/clock.ts', 'const at = Date.now(); setTimeout(() => {}, at);'],
  ['src/machines/server.ts', `const words = 'Date.now() is banned';`],
  ['src/machines/server.ts', '// Not Date.now(): time arrives in events.'],
  ['src/actors/clock.ts', 'clock.setTimeout(fire, ms);'],
  ['src/machines/server.ts', '  after: view.after,'],
  ['src/adapters/cli/render.ts', 'console.log(1);'],
  ['test/fixtures/slow-ready.ts', 'setTimeout(() => {}, 5);'],
  ['test/adapters/process/driver.test.ts', "const program = 'setTimeout(() => {}, 1000)';"],
  ['test/store/journal.test.ts', `test.skipIf(isWindows)('x', () => {});`],
  ['src/store/journal.ts', 'const company = anyOf(many);'],
])('%s may say: %s', (path, line) => {
  expect(banned([file(path, line)])).toEqual([]);
});

test('a file over 250 lines is too long, and a table of states is not', () => {
  const lines = Array.from({ length: 251 }, () => '');
  const text = `${lines.join('\n')}x`;
  expect(tooLong([{ path: 'src/store/journal.ts', text }])).toHaveLength(1);
  expect(tooLong([{ path: 'src/store/journal.ts', text: text.slice(1) }])).toEqual([]);
  expect(
    tooLong([
      { path: 'src/machines/life.ts', text },
      { path: 'test/long.test.ts', text },
    ]),
  ).toEqual([]);
});

test('a line of 121 columns is too wide, and 120 signs are not, whatever their bytes', () => {
  expect(tooWide([file('src/a.ts', '', '·'.repeat(121))])).toEqual(['src/a.ts:2 is wider than 120 columns']);
  expect(tooWide([file('src/a.ts', '😀'.repeat(120)), file('README.md', 'x'.repeat(500))])).toEqual([]);
});

test('names that say nothing, and names in another case, are named', () => {
  const paths = ['src/store/utils.ts', 'src/common/clock.ts', 'src/store/openJournal.ts', 'src/store/journal.ts'];
  expect(vagueNames(paths.map((path) => file(path))).map((fault) => fault.split(':')[0])).toEqual(paths.slice(0, 3));
  expect(vagueNames([file('vitest.config.ts'), file('test/support/browser.d.ts'), file('README.md')])).toEqual([]);
});

test('a relative import without its extension is named', () => {
  expect(importsWithoutExtension([importing('src/a.ts', './b')])).toHaveLength(1);
  expect(importsWithoutExtension([importing('src/a.ts', './b.ts'), importing('src/a.ts', 'xstate')])).toEqual([]);
});

test('a path of one machine is named, wherever it is written, and a path of no machine is not', () => {
  const somebodys = ['', 'home', 'ann', 'reeve'].join('/');
  expect(machinePaths([file('README.md', 'cd', somebodys)])).toEqual([
    `README.md:2 has ${somebodys.slice(0, 9)}: a path of one machine`,
  ]);
  expect(machinePaths([file('README.md', 'src/home/page.ts https://example.org/home/ann ~/code/x')])).toEqual([]);
});

test('a file that nothing imports is named, unless the world starts with it', () => {
  const sources = [
    file('src/index.ts', `export * from './a.ts';`),
    file('src/a.ts'),
    file('src/forgotten.ts'),
    importing('test/forgotten.test.ts', '../src/forgotten.ts'),
  ];
  expect(unreachable(sources, [/^src\/index\.ts$/])).toEqual([
    'src/forgotten.ts is imported by nothing in src, and is no entry',
  ]);
});

test('an error without a page, and a page without an error, are both named', () => {
  const sources = [
    file('src/a.ts', `class Busy extends Data.TaggedError('Busy')<{}> {}`, `// Data.TaggedError('Not')`),
  ];
  const docs = ['# Errors', '', '| code | why |', '| - | - |', '| `Gone` | … |', '', '# Other', '| `Not` | … |'].join(
    '\n',
  );
  expect(codesThatDiffer(codesIn(sources), codesDocumentedIn(docs, 'Errors'))).toEqual([
    'Busy is an error, and is not documented',
    'Gone is documented, and no error has it',
  ]);
  expect(codesThatDiffer(codesIn(sources), ['Busy'])).toEqual([]);
});

test('the linter refuses a function of 61 lines in the sources, and takes one of 60', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const directory = mkdtempSync(join(tmpdir(), 'long-'));
  const lint = (lines: number): string => {
    const path = join(directory, 'long.ts');
    const body = Array.from({ length: lines }, (_, index) => `  console.log(${index});`).join('\n');
    writeFileSync(path, `export function long(): void {\n${body}\n}\n`);
    const command = ['lint', `--config-path=${root}`, '--vcs-enabled=false', path];
    const { status, stderr } = spawnSync(join(root, 'node_modules/.bin/biome'), command, { encoding: 'utf8' });
    return status === 0 ? 'fine' : (/This function has too many lines \(\d+\)/.exec(stderr)?.[0] ?? stderr);
  };
  try {
    expect([lint(60), lint(61)]).toEqual(['fine', 'This function has too many lines (61)']);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
