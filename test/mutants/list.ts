import { JOURNAL } from './journal.ts';
import { LIFE } from './life.ts';
import type { Mutant } from './mutant.ts';
import { WORLD } from './world.ts';

export const MUTANTS: readonly Mutant[] = [...WORLD, ...JOURNAL, ...LIFE];
