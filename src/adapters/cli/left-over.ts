import type { ProjectSpec, UnitStatus } from '../../index.ts';
import { isUnnamed } from './commands/run-id.ts';

/**
 * What to say of units that were in the project file once, and are kept though they are in it no more; `null`: of none.
 *
 * Jobs that `reeve run` has added were never in it.
 */
export function leftOverWords(units: readonly UnitStatus[], project: ProjectSpec): string | null {
  const written = new Set(project.units.map(({ id }) => id));
  const ids = units.map(({ id }) => id).filter((id) => !written.has(id) && !isUnnamed(id));
  if (ids.length === 0) return null;
  const [are, them] = ids.length === 1 ? ['is', 'it'] : ['are', 'them'];
  const some = ids.slice(0, SHOWN);
  const more = ids.length > SHOWN ? ` and ${ids.length - SHOWN} more` : '';
  const words = `${some.join(', ')}${more} ${are} not in the project file any more, and kept`;
  return `! ${words}: \`reeve terminate ${some.join(' ')}\` forgets ${them}.`;
}

const SHOWN = 10;
