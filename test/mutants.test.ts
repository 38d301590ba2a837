import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MUTANTS } from './mutants/list.ts';
import { breakSource } from './mutants/mutant.ts';

const root = join(import.meta.dirname, '..');

test.each(MUTANTS)('the mutant "$name" has one place in the sources, and tests that could notice it', (mutant) => {
  const sound = readFileSync(join(root, mutant.file), 'utf8');
  expect(breakSource(sound, mutant)).not.toBe(sound);
  expect(mutant.tests.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  expect(mutant.tests).not.toEqual([]);
});

test('mutants have names of their own, and break every invariant that a test can hold', () => {
  const names = MUTANTS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const invariants = [...new Set(MUTANTS.map(({ invariant }) => Number(invariant.slice(1))))];
  expect(invariants.sort((a, b) => a - b)).toEqual(Array.from({ length: 13 }, (_, index) => index + 1));
});
