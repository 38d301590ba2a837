import { statSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import { ConfigNotFound, ConfigUnreadable, unreadable } from './errors.ts';

/** Tried in this order; the first that exists is the project file. */
export const CONFIG_NAMES = [
  'reeve.config.ts',
  'reeve.config.js',
  'reeve.config.mjs',
  'reeve.yaml',
  'reeve.yml',
  'reeve.json',
  'Procfile',
] as const;

export type ConfigFormat = 'module' | 'yaml' | 'json' | 'procfile';

const FORMATS: Readonly<Record<string, ConfigFormat>> = {
  '.ts': 'module',
  '.mts': 'module',
  '.js': 'module',
  '.mjs': 'module',
  '.yaml': 'yaml',
  '.yml': 'yaml',
  '.json': 'json',
};

/**
 * The project file of a directory, or the one that was asked for.
 *
 * Looks in `cwd` alone, not in its parents: which project is meant must not depend on what lies further up.
 *
 * @throws {ConfigNotFound}
 */
export function findConfig(cwd: string, file?: string): string {
  if (file !== undefined) {
    const asked = resolve(cwd, file);
    if (exists(asked)) return asked;
    const directory = dirname(asked);
    const looked = [basename(asked)];
    throw new ConfigNotFound({ directory, looked, asked, there: usualName(directory) });
  }
  const found = usualName(cwd);
  if (found === null) throw new ConfigNotFound({ directory: cwd, looked: CONFIG_NAMES, asked: null, there: null });
  return resolve(cwd, found);
}

const usualName = (directory: string): string | null =>
  CONFIG_NAMES.find((name) => exists(resolve(directory, name))) ?? null;

/** @throws {ConfigUnreadable} The name says nothing about the format. */
export function formatOf(file: string): ConfigFormat {
  const format = basename(file).startsWith('Procfile') ? 'procfile' : FORMATS[extname(file)];
  if (format !== undefined) return format;
  const hint = 'Name it .yaml, .json, .ts or .js, or begin its name with Procfile.';
  throw new ConfigUnreadable({ file, why: 'its name does not say its format', hint });
}

/** A path that leads through a file, or in a circle, leads to none. */
function exists(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && NOWHERE.has(String(error.code))) return false;
    throw unreadable(file, error);
  }
}

const NOWHERE = new Set(['ENOTDIR', 'ELOOP', 'ENAMETOOLONG']);
