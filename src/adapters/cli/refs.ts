import type { ProjectStatus } from '../../index.ts';
import { isEndedRun } from './commands/run-id.ts';
import { AmbiguousRef, UnknownRef } from './errors.ts';

/**
 * The id that is meant: the whole id, or the only one that begins like this.
 *
 * Jobs that nobody named and that have ended stand back where something else begins like this too.
 *
 * @throws {UnknownRef | AmbiguousRef}
 */
export function resolveRef(ref: string, { units }: ProjectStatus): string {
  if (units.some(({ id }) => id === ref)) return ref;
  const beginning = units.filter(({ id }) => ref !== '' && id.startsWith(ref));
  const lasting = beginning.filter((unit) => !isEndedRun(unit));
  const matches = (lasting.length > 0 ? lasting : beginning).map(({ id }) => id);
  if (matches.length > 1) throw new AmbiguousRef({ ref, matches });
  if (matches[0] !== undefined) return matches[0];
  throw new UnknownRef({ ref, known: units.filter((unit) => !isEndedRun(unit)).map(({ id }) => id) });
}
