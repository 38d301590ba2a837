import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigUnreadable } from './errors.ts';
import type { Source } from './source.ts';

/** What a config module's default export gets, if it is a function. */
export interface ConfigScope {
  readonly env: NodeJS.ProcessEnv;
  /** The directory of the config file. */
  readonly directory: string;
}

/**
 * A module whose default export is a project, or a function of a `ConfigScope` that gives one, also as a promise.
 *
 * @throws {ConfigUnreadable} The module cannot be loaded, throws, or has no default export.
 */
export async function readModule(file: string, env: NodeJS.ProcessEnv): Promise<Source> {
  const exported = await attempt(file, () => import(pathToFileURL(file).href));
  const project = Reflect.get(Object(exported), 'default');
  if (project === undefined) {
    const hint = 'Write `export default { units: { … } }`.';
    throw new ConfigUnreadable({ file, why: 'it has no default export', hint });
  }
  const scope: ConfigScope = { env, directory: dirname(file) };
  const input = typeof project === 'function' ? await attempt(file, () => project(scope)) : await project;
  return { input, faults: [], locate: () => null };
}

async function attempt(file: string, read: () => unknown): Promise<unknown> {
  try {
    return await read();
  } catch (error) {
    const why = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
    throw new ConfigUnreadable({
      file,
      why: why.replace(/\.$/, ''),
      hint: 'Run the file with node to see where it fails.',
    });
  }
}
