import { existsSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import picomatch from 'picomatch';

/** What a list of globs asks to be watched. Paths are absolute. */
export interface WatchPlan {
  /** The directories to watch: all exist now. */
  readonly roots: readonly string[];
  /** What was named and does not exist yet, relative to `cwd`. Its nearest existing parent is watched instead. */
  readonly missing: readonly string[];
  /** `true`: neither this path nor anything below it can be of interest. */
  readonly ignores: (path: string) => boolean;
  /** The path as people wrote their globs: relative to `cwd`, with slashes. `null`: no glob matches. */
  readonly match: (path: string) => string | null;
}

/** Too big to watch by accident, and changed by tools, not by people. A glob that names one gets it all the same. */
const IGNORED_NAMES: ReadonlySet<string> = new Set(['node_modules', '.git']);

/** Reads globs as a shell would write them, from `cwd`; those that begin with `!` take away from the others. */
export function planWatch(globs: readonly string[], cwd: string): WatchPlan {
  const wanted = globs.filter((glob) => !glob.startsWith('!'));
  const unwanted = globs.filter((glob) => glob.startsWith('!')).map((glob) => glob.slice(1));
  const isWanted = picomatch(wanted);
  const isUnwanted = picomatch(unwanted);
  const bases = wanted.map((glob) => baseOf(glob, cwd));

  return {
    roots: [...new Set(bases.map(({ directory }) => nearestExisting(directory)))],
    missing: [...new Set(bases.flatMap(({ directory }) => (existsSync(directory) ? [] : shown(directory, cwd))))],
    ignores: (path) => !bases.some((base) => isAbove(path, base.path) || isAtOrBelow(path, base)),
    match(path) {
      const name = shown(path, cwd);
      // A glob may be absolute.
      const names = [name, path.split(sep).join('/')];
      return names.some((each) => isWanted(each)) && !names.some((each) => isUnwanted(each)) ? name : null;
    },
  };
}

interface Base {
  /** All that the glob can match is this, or below it. */
  readonly path: string;
  /** Its files are watched through the directory, because editors replace a file rather than write to it. */
  readonly directory: string;
  readonly isGlob: boolean;
}

function baseOf(glob: string, cwd: string): Base {
  const { base, isGlob } = picomatch.scan(glob);
  const path = resolve(cwd, base);
  return { path, directory: isGlob ? path : dirname(path), isGlob };
}

const isAbove = (path: string, base: string) =>
  base === path || base.startsWith(path.endsWith(sep) ? path : path + sep);

function isAtOrBelow(path: string, base: Base): boolean {
  const below = relative(base.path, path);
  if (below === '') return true;
  if (!base.isGlob || below === '..' || below.startsWith(`..${sep}`) || isAbsolute(below)) return false;
  return !below.split(sep).some((name) => IGNORED_NAMES.has(name));
}

function nearestExisting(directory: string): string {
  const parent = dirname(directory);
  return existsSync(directory) || parent === directory ? directory : nearestExisting(parent);
}

const shown = (path: string, cwd: string) => relative(cwd, path).split(sep).join('/');
