/** A deliberate breakage of the code that keeps an invariant. `npm run mutants` shows that a test notices each. */
export interface Mutant {
  /** What the broken code does. */
  readonly name: string;
  /** Which invariant it breaks. */
  readonly invariant: `I${number}`;
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Where it should be noticed. */
  readonly tests: readonly string[];
}

/** The source with the mutant in it. Throws if the place is not there, or there more than once. */
export function breakSource(source: string, { name, file, find, replace }: Mutant): string {
  const [before, after, ...more] = source.split(find);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(`The place of the mutant "${name}" must stand exactly once in ${file}: ${find}`);
  }
  return `${before}${replace}${after}`;
}
