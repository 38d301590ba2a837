import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Machines, machines as ours } from '../../../index.ts';
import { BadUsage } from '../errors.ts';

/**
 * The machines that a module exports, as `machines`, as its default, or by their own names: those of a project, or of
 * another version of reeve.
 *
 * @throws {BadUsage} It cannot be loaded, or exports none.
 */
export async function loadMachines(cwd: string, file: string | undefined): Promise<Machines | undefined> {
  if (file === undefined) return undefined;
  const path = resolve(cwd, file);
  const module = await import(pathToFileURL(path).href).catch((error: unknown) => {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new BadUsage({ what: `Cannot load the machines of ${path}: ${why}`, hint: HINT });
  });
  for (const found of [module.machines, module.default, module]) if (isMachines(found)) return found;
  throw new BadUsage({ what: `${path} exports no machines.`, hint: HINT });
}

const NAMES = Object.keys(ours);
const HINT = `Export \`machines\`, an object with some of: ${NAMES.join(', ')}.`;

function isMachines(value: unknown): value is Machines {
  if (typeof value !== 'object' || value === null) return false;
  const named = Object.entries(value).filter(([name]) => NAMES.includes(name));
  return named.length > 0 && named.every(([, machine]) => typeof machine?.transition === 'function');
}
