/**
 * Breaks the code that keeps the invariants, one place at a time, and tells which test notices. `--only words`.
 *
 * Works on a copy: the tree it is called in is never changed.
 */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { MUTANTS } from '../test/mutants/list.ts';
import { breakSource, type Mutant } from '../test/mutants/mutant.ts';

/** A test that hangs has noticed, too, but says nothing: it does not count. */
const DEADLINE_MS = 240_000;
const DEADLINE_OF_ALL_MS = 1_200_000;
const PARTS = [
  'src',
  'test',
  'bench',
  'scripts',
  'examples',
  'diagrams',
  'package.json',
  'tsconfig.json',
  'vitest.config.ts',
];

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });
const chosen = MUTANTS.filter(({ name }) => name.includes(values.only));
if (chosen.length === 0) throw new Error(`no mutant has "${values.only}" in its name`);
const root = resolve(import.meta.dirname, '..');
const copy = mkdtempSync(join(tmpdir(), 'mutants-'));

try {
  for (const part of PARTS) cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  process.exitCode = (await whole()) && (await allCaught()) ? 0 : 1;
} finally {
  rmSync(copy, { recursive: true, force: true });
}

/** A test that fails anyway would catch everything. */
async function whole(): Promise<boolean> {
  const files = [...new Set(chosen.flatMap(({ tests }) => tests))];
  const { failed } = await test(files, DEADLINE_OF_ALL_MS);
  for (const title of failed) console.error(`fails without any mutant: ${title}`);
  return failed.length === 0;
}

async function allCaught(): Promise<boolean> {
  let survivors = 0;
  for (const mutant of chosen) {
    const failed = await withMutant(mutant);
    if (failed.length === 0) survivors += 1;
    const verdict = failed.length === 0 ? 'SURVIVED' : `caught by ${failed.length}: ${failed[0]}`;
    console.log(`${mutant.invariant.padEnd(4)}${mutant.name}\n      ${verdict}`);
  }
  console.log(`\n${chosen.length} mutants, ${chosen.length - survivors} caught, ${survivors} survived`);
  return survivors === 0;
}

async function withMutant(mutant: Mutant): Promise<readonly string[]> {
  const file = join(copy, mutant.file);
  const sound = readFileSync(file, 'utf8');
  writeFileSync(file, breakSource(sound, mutant));
  try {
    return (await test(mutant.tests)).failed;
  } finally {
    writeFileSync(file, sound);
  }
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** The titles of the tests that fail. A file that cannot even be loaded is a fault of the mutant, not a catch. */
async function test(
  files: readonly string[],
  deadlineMs = DEADLINE_MS,
): Promise<{ readonly failed: readonly string[] }> {
  const report = join(copy, 'report.json');
  rmSync(report, { force: true });
  const words = await vitest(['run', '--bail=1', '--reporter=json', `--outputFile=${report}`, ...files], deadlineMs);
  if (!existsSync(report)) return { failed: [] };
  const results = (JSON.parse(readFileSync(report, 'utf8')) as Report).testResults;
  const tests = results.flatMap(({ assertionResults }) => assertionResults);
  const failed = tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
  const unloaded = results.find(({ assertionResults }) => assertionResults.length === 0);
  if (failed.length === 0 && unloaded) throw new Error(`${unloaded.name}: ${unloaded.message}\n${words}`);
  return { failed };
}

function vitest(args: readonly string[], timeout: number): Promise<string> {
  return new Promise((resolve) => {
    const options = { cwd: copy, timeout, maxBuffer: 2 ** 26 };
    const program = join(root, 'node_modules/vitest/vitest.mjs');
    execFile(process.execPath, [program, ...args], options, (_, stdout, stderr) => resolve(`${stdout}\n${stderr}`));
  });
}
