import { readFileSync } from 'node:fs';

/**
 * A fork copies the tables of all pages that are ours alone, and stops us meanwhile: some 4 ms for each 100 MB on a
 * machine of these days. Below this that is less than what the spawner costs, once 40 ms and then 10 MB; a `reeve up`
 * with three hundred units stays below it.
 */
const FAT_BYTES = 128 * 2 ** 20;

/**
 * Whether starting a program from here costs more than having it started.
 *
 * Asked at every launch, because hosts grow. Of what is resident only the anonymous part counts: pages of files, such
 * as those of Node itself, are found again without being copied.
 */
export const isForkDear = (): boolean => runsOurPrograms() && (isElectron() || anonymousBytes() > FAT_BYTES);

/** `process.execPath` is a Node that runs the program it is given, and not an application that would start again. */
const runsOurPrograms = (): boolean => process.getBuiltinModule('node:sea')?.isSea() !== true;

/** Several processes' worth of memory, much of it mapped in ways that a fork has to look at. */
const isElectron = (): boolean => process.versions.electron !== undefined;

const anonymousBytes = (): number =>
  Number(/^RssAnon:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? 0) * 1024;
