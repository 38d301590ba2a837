/** What the documentation says is so: its examples run, its links lead somewhere, its tables are those of the code. */

import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { EXIT_CODES } from '../src/adapters/cli/exit-codes.ts';
import { buildProgram } from '../src/adapters/cli/program.ts';
import { loadConfig } from '../src/adapters/config/load.ts';
import { decodeUnit, InvalidSpec } from '../src/index.ts';
import { citedTests } from './docs/cited-tests.ts';
import { examplesOf } from './docs/docstrings.ts';
import { anchorsOf, fencesOf, linksOf, rowsOf, sectionOf } from './docs/markdown.ts';
import { freePort } from './support/ports.ts';
import { codesDocumentedIn, codesIn, codesThatDiffer } from './tidy/codes.ts';
import { sourcesOf } from './tidy/source.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = sourcesOf(root);
const textOf = (path: string): string => sources.find((source) => source.path === path)?.text ?? '';
const pages = sources.filter(({ path }) => path.endsWith('.md'));
const readme = textOf('README.md');
const architecture = textOf('diagrams/README.md');

const KINDS = [
  { id: 'a', kind: 'server', command: 'x' },
  { id: 'a', kind: 'job', command: 'x' },
  { id: 'a', kind: 'watcher', then: { run: ['b'] } },
];
/** What a spec is refused for; `''`: it is not. */
function codesOf(unit: object): string {
  try {
    decodeUnit(unit);
    return '';
  } catch (error) {
    if (!(error instanceof InvalidSpec)) throw error;
    return [...new Set(error.faults.map(({ code }) => code))].join();
  }
}

let directory: string | null = null;
afterEach(() => {
  if (directory !== null) rmSync(directory, { recursive: true, force: true });
  directory = null;
});
function freshDirectory(): string {
  directory = mkdtempSync(join(tmpdir(), 'docs-'));
  return directory;
}

describe('an example', () => {
  test('in the README embeds reeve, and prints what it is said to print', async () => {
    const fences = fencesOf(readme);
    const at = fences.findIndex(({ language }) => language === 'ts');
    const cwd = freshDirectory();
    const code = (fences[at]?.code ?? '')
      .replaceAll("from 'reeve'", `from '${new URL('../src/index.ts', import.meta.url).href}'`)
      .replaceAll('3000', String(await freePort()));
    writeFileSync(join(cwd, 'embedded.ts'), code);
    expect(await outputOf(['embedded.ts'], { cwd })).toBe(fences[at + 1]?.code);
  });

  test('of a project file in the README is one', async () => {
    const [yaml] = fencesOf(readme).filter(({ language }) => language === 'yaml');
    const cwd = freshDirectory();
    writeFileSync(join(cwd, 'reeve.yaml'), yaml?.code ?? '');
    const { project } = await loadConfig({ cwd, env: {} });
    const kinds = new Set(project.units.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(['job', 'server', 'watcher']);
  });

  test('in a docstring does what it says', async () => {
    const examples = examplesOf(sources.filter(({ path }) => /^src\/.*\.ts$/.test(path)));
    expect(examples.filter(({ claims }) => claims > 0).length).toBeGreaterThan(10);
    const faults = await outputOf(['test/docs/run-examples.ts'], { cwd: root, stdin: JSON.stringify(examples) });
    expect(JSON.parse(faults)).toEqual([]);
  });
});

describe('the README', () => {
  test('has the exit codes of the command line, all of them and no others', () => {
    const documented = rowsOf(sectionOf(readme, 'Exit codes')).map(([code, meaning]) => ({
      code: Number(code?.replaceAll('`', '')),
      meaning,
    }));
    expect(documented).toEqual(EXIT_CODES.map(({ code, meaning }) => ({ code, meaning })));
  });

  test('has every command with its options, as the command line knows them', () => {
    const program = buildProgram(() => {});
    const isGroup = ({ commands }: { readonly commands: readonly unknown[] }): boolean => commands.length > 0;
    const commands = program.commands.flatMap((command) => (isGroup(command) ? command.commands : [command]));
    const known = commands.map((command) => {
      const flags = command.options.filter(({ hidden }) => !hidden).map(({ long }) => long);
      const group = command.parent === program ? [] : [command.parent?.name()];
      return [[...group, command.name()].join(' '), ...flags.filter((flag) => flag !== '--json')].sort().join(' ');
    });
    const usages = rowsOf(sectionOf(readme, 'Command line')).map(([usage = '']) => usage);
    const named = Map.groupBy(usages, (usage) => /^`((?:trace )?[a-z]+)/.exec(usage)?.[1]);
    const documented = [...named].map(([name, rows]) =>
      [name, ...(rows.join().match(/--[a-z-]+/g) ?? [])].sort().join(' '),
    );
    expect(documented.sort()).toEqual(known.sort());
  });
});

test('what the README says is refused for now, is', () => {
  const [refused = ''] = sectionOf(readme, 'Not yet').split('These are not there at all');
  const fragments = [...refused.matchAll(/`([^`]+: [^`]+)`/g)].map(([, yaml = '']) => yaml);
  const answers = fragments.map((yaml) => [
    yaml,
    KINDS.some((kind) => codesOf({ ...kind, ...parse(yaml) }) === 'NotYet'),
  ]);
  expect(answers.length).toBeGreaterThan(3);
  expect(answers.filter(([, isRefused]) => !isRefused)).toEqual([]);
});

describe('the architecture', () => {
  const invariants = architecture.split('\n').filter((line) => line.startsWith('- **Invariant I'));

  test('states every invariant once, and all that the sources refer to', () => {
    const stated = invariants.map((line) => /I\d+/.exec(line)?.[0]);
    const referred = sources
      .filter(({ path }) => path.startsWith('src/'))
      .flatMap(({ text }) => [...text.matchAll(/\((I\d+)\)/g)].map(([, name]) => name));
    expect(stated).toEqual(Array.from({ length: 13 }, (_, index) => `I${index + 1}`));
    expect(referred.filter((name) => !stated.includes(name))).toEqual([]);
  });

  test('names for every invariant a test that there is, or says what is not yet', () => {
    const faults = invariants.flatMap((line) => {
      const name = /I\d+/.exec(line)?.[0];
      const cited = citedTests(line);
      const missing = cited.filter(({ path, title }) => !textOf(path).includes(title));
      const isHonest = cited.length > 0 || line.includes('Not yet:');
      return [
        ...missing.map((one) => `${name}: there is no test “${one.title}” in ${one.path}`),
        ...(isHonest ? [] : [`${name} names neither a test nor what is missing`]),
      ];
    });
    expect(faults).toEqual([]);
  });

  test('has every folder of the sources on its map, and nothing that is not there', () => {
    const map = sectionOf(architecture, 'Code map');
    const folders = new Set(
      sources.filter(({ path }) => path.startsWith('src/')).map(({ path }) => `${dirname(path)}/`),
    );
    const named = [...map.matchAll(/`((?:src|test|scripts|bench|examples|diagrams)\/[^`*]*)`/g)].map(
      ([, path]) => path,
    );
    expect([...folders].filter((folder) => !named.includes(folder))).toEqual([]);
    expect(named.filter((path) => !existsSync(join(root, path ?? '')))).toEqual([]);
  });

  test('links to every decision, and each says what was given up', () => {
    const decisions = sources.filter(({ path }) => path.startsWith('diagrams/decisions/'));
    const linked = linksOf(architecture).map((link) => posix.join('diagrams', link));
    expect(decisions.length).toBeGreaterThan(0);
    expect(decisions.filter(({ path }) => !linked.includes(path)).map(({ path }) => path)).toEqual([]);
    const headings = ['## Context', '## Decision', '## What we gave up'];
    const incomplete = decisions.filter(({ text }) => headings.some((heading) => !text.includes(`\n${heading}\n`)));
    expect(incomplete.map(({ path }) => path)).toEqual([]);
  });
});

test('every link in the documentation leads somewhere', () => {
  const dead = pages.flatMap(({ path, text }) =>
    linksOf(text)
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        const [file = '', anchor] = link.split('#');
        const target = file === '' ? path : posix.join(posix.dirname(path), file);
        if (!existsSync(join(root, target))) return true;
        return anchor !== undefined && !anchorsOf(readFileSync(join(root, target), 'utf8')).includes(anchor);
      })
      .map((link) => `${path}: ${link}`),
  );
  expect(dead).toEqual([]);
});

test('every page has one title, and a code block is closed', () => {
  const odd = pages.filter(({ text }) => {
    const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, '');
    return [...prose.matchAll(/^# /gm)].length !== 1 || prose.includes('```');
  });
  expect(odd.map(({ path }) => path)).toEqual([]);
});

/** What a Node program prints. Rejects with its last words when it fails, or takes too long. */
function outputOf(
  args: readonly string[],
  options: { readonly cwd: string; readonly stdin?: string },
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const flags = ['--disable-warning=ExperimentalWarning', ...args];
  const child = execFile(process.execPath, flags, { cwd: options.cwd, timeout: 15_000 }, (error, stdout, stderr) => {
    if (error) reject(new Error(`${args.join(' ')} failed: ${stderr || error.message}`));
    else resolve(stdout);
  });
  child.stdin?.end(options.stdin ?? '');
  return promise;
}

test('every error has its row in the table of errors, and every row its error', () => {
  const documented = codesDocumentedIn(textOf('diagrams/errors.md'), 'Errors by code');
  expect(documented.length).toBeGreaterThan(30);
  expect(codesThatDiffer(codesIn(sources), documented)).toEqual([]);
});
