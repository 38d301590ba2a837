import type { JobSpec, ServerSpec } from '../../machines/spec.ts';
import { VariableNotPassable } from './errors.ts';

/** A unit that is a process. */
export type ProgramSpec = ServerSpec | JobSpec;

export type BaseEnvironment = Readonly<Record<string, string | undefined>>;

/** What `inherit: safe` hands on, where it is set. Names ending in `*` are prefixes. */
export const SAFE_NAMES: readonly string[] = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'HOSTNAME'],
  ...['LANG', 'LANGUAGE', 'LC_*', 'TZ', 'TZDIR'],
  ...['TMPDIR', 'TMP', 'TEMP', 'XDG_*'],
  ...['TERM', 'COLORTERM', 'COLUMNS', 'LINES', 'NO_COLOR', 'FORCE_COLOR', 'CLICOLOR', 'CLICOLOR_FORCE'],
  ...['EDITOR', 'VISUAL', 'PAGER', 'CI', 'DISPLAY', 'WAYLAND_DISPLAY'],
];

/** Meant for us and not for our children: inherited only by name. */
const NOT_INHERITED: readonly string[] = [
  ...['NODE_OPTIONS', 'NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE', 'ELECTRON_RUN_AS_NODE', 'DEBUG'],
  ...['LD_PRELOAD', 'LD_LIBRARY_PATH', 'DYLD_*', 'ENV', 'BASH_ENV', 'PS4', 'REEVE_RUN'],
];

/** Names that a shell keeps for itself, so that they would arrive changed or not at all. */
const SHELLS_OWN = new Set(['IFS', 'OPTIND', 'PPID', 'SHELLOPTS', 'BASHOPTS', '_', 'REEVE_RUN']);

/**
 * The environment of a command: a fresh object, only strings. `secrets` are values, read for this launch.
 *
 * What is inherited and cannot be handed on by a shell is left out; what was asked for by name and cannot is refused.
 *
 * @throws {VariableNotPassable}
 */
export function environmentFor(
  spec: ProgramSpec,
  base: BaseEnvironment,
  secrets: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const { inherit, set } = spec.env;
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(base)) {
    if (value !== undefined && isPassable(name) && isInherited(name, inherit)) env[name] = value;
  }
  for (const [name, value] of Object.entries({ ...set, ...secrets })) env[passable(name)] = value;
  if (spec.kind === 'server' && typeof spec.port === 'number') env.PORT = String(spec.port);
  return env;
}

function isInherited(name: string, inherit: ProgramSpec['env']['inherit']): boolean {
  if (inherit === 'none') return false;
  if (typeof inherit !== 'string') return inherit.includes(name);
  return !isListed(name, NOT_INHERITED) && (inherit === 'all' || isListed(name, SAFE_NAMES));
}

const isListed = (name: string, list: readonly string[]): boolean =>
  list.some((entry) => (entry.endsWith('*') ? name.startsWith(entry.slice(0, -1)) : name === entry));

const isPassable = (name: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !SHELLS_OWN.has(name);

function passable(name: string): string {
  if (!isPassable(name)) throw new VariableNotPassable({ name });
  return name;
}
