import { posix } from 'node:path';
import { type Source, withoutComments } from './source.ts';

export interface Import {
  readonly from: string;
  /** As it is written. */
  readonly specifier: string;
  /** The path of the file, for a relative one. */
  readonly file: string | null;
}

const SPECIFIER = /(?:\bfrom|\bimport|\bimport\s*\(|\bnew URL\()\s*(?<quote>['"])(?<specifier>[^'"\n]+)\k<quote>/g;

/** Every import, export-from and `import()` of a file, and the files it names by `new URL('./x.ts', …)`. */
export function importsOf({ path, text }: Source): readonly Import[] {
  return [...withoutComments(text).matchAll(SPECIFIER)].flatMap(({ groups }) => {
    const specifier = groups?.specifier ?? '';
    const isRelative = specifier.startsWith('.');
    const file = isRelative ? posix.join(posix.dirname(path), specifier) : null;
    return [{ from: path, specifier, file }];
  });
}

export const isCode = ({ path }: Source): boolean => path.endsWith('.ts');
export const isOurs = ({ path }: Source): boolean => path.startsWith('src/');
