import { basename, dirname, isAbsolute, relative, resolve } from 'node:path';
import { decodeProject, InvalidSpec, type ProjectSpec } from '../../index.ts';
import { type ConfigFault, ConfigInvalid } from './errors.ts';
import { findConfig, formatOf } from './find.ts';
import { readJson } from './json.ts';
import { readModule } from './module.ts';
import { readProcfile } from './procfile.ts';
import type { Source } from './source.ts';
import { assertFile, readText } from './text.ts';
import { readYaml } from './yaml.ts';

export interface ConfigRequest {
  /** Asked for by name, from `cwd`. Without it the usual names are tried. */
  readonly file?: string;
  readonly cwd: string;
  /** Handed to a config module that exports a function. Nothing else reads it. */
  readonly env: NodeJS.ProcessEnv;
}

export interface Config {
  readonly project: ProjectSpec;
  /** The file it came from, absolute. */
  readonly file: string;
  /** Where the file is. The `cwd` of every unit was resolved against it, and is absolute. */
  readonly directory: string;
}

/**
 * Finds, reads and decodes a project file.
 *
 * ```ts
 * const { project } = await loadConfig({ cwd: 'examples/quickstart', env: process.env });
 * project.units.length > 0 // => true
 * ```
 *
 * @throws {ConfigNotFound} None of the usual names is there, or not the file that was asked for.
 * @throws {ConfigUnreadable} It cannot be read, or its module cannot be loaded.
 * @throws {ConfigInvalid} It says something that cannot be; every fault at once, with line and column.
 */
export async function loadConfig({ file: asked, cwd, env }: ConfigRequest): Promise<Config> {
  const file = findConfig(cwd, asked);
  const directory = dirname(file);
  const source = await read(file, env);
  const shown = shortest(cwd, file);
  const broken = source.faults.map((fault) => ({ code: 'InvalidSpec' as const, path: [], ...fault }));
  if (broken.length > 0) throw new ConfigInvalid({ file: shown, faults: broken });
  const project = decode(source, shown, basename(directory));
  const units = project.units.map((unit) => ({ ...unit, cwd: resolve(directory, unit.cwd) }));
  return { project: { ...project, units }, file, directory };
}

async function read(file: string, env: NodeJS.ProcessEnv): Promise<Source> {
  assertFile(file);
  const format = formatOf(file);
  if (format === 'module') return readModule(file, env);
  const found = await readText(file);
  if ('fault' in found) return { input: null, faults: [found.fault], locate: () => null };
  const { text } = found;
  if (format === 'procfile') return readProcfile(text);
  return format === 'json' ? readJson(text) : readYaml(text);
}

function decode(source: Source, file: string, directoryName: string): ProjectSpec {
  try {
    return decodeProject(source.input, { defaults: directoryName === '' ? {} : { name: directoryName } });
  } catch (error) {
    if (!(error instanceof InvalidSpec)) throw error;
    const faults = error.faults.map((fault) => ({ ...fault, position: source.locate(fault.path) }));
    throw new ConfigInvalid({ file, faults: faults.toSorted(byPosition) });
  }
}

/** As the file reads, from top to bottom. */
function byPosition({ position: left }: ConfigFault, { position: right }: ConfigFault): number {
  if (left === null || right === null) return 0;
  return left.line - right.line || left.column - right.column;
}

function shortest(cwd: string, file: string): string {
  const path = relative(cwd, file);
  return path.startsWith('..') || isAbsolute(path) ? file : path;
}
