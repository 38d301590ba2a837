import { AmbiguousRef, UnknownRef } from './errors.ts';

/**
 * The id that is meant: the whole id, or the only one that begins like this.
 *
 * @throws {UnknownRef | AmbiguousRef}
 */
export function resolveRef(ref: string, ids: readonly string[]): string {
  if (ids.includes(ref)) return ref;
  const matches = ids.filter((id) => ref !== '' && id.startsWith(ref));
  if (matches.length > 1) throw new AmbiguousRef({ ref, matches });
  if (matches[0] === undefined) throw new UnknownRef({ ref, known: ids });
  return matches[0];
}
