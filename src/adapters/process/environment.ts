import type { JobSpec, ServerSpec } from '../../machines/spec.ts';
import { readEnvFiles } from './env-file.ts';
import { VariableNotPassable } from './errors.ts';
import { resolveSecrets, type SecretKeeper } from './secrets.ts';

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

/** Meant for us, or for who started us, and not for our children: inherited only by name. */
const NOT_INHERITED: readonly string[] = [
  // They change how programs load code, or make them speak to a parent that they do not have.
  ...['NODE_OPTIONS', 'NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE', 'NODE_UNIQUE_ID', 'NODE_V8_COVERAGE'],
  ...['LD_PRELOAD', 'LD_LIBRARY_PATH', 'LD_AUDIT', 'DYLD_*', 'ENV', 'BASH_ENV', 'PS4', 'DEBUG', 'REEVE_RUN'],
  // npm, Electron and editors, which we may have been started by.
  ...['npm_*', 'NPM_*', 'INIT_CWD', 'ELECTRON_*', 'VSCODE_*', 'CHROME_DESKTOP', 'GIO_LAUNCHED_*'],
  // systemd's word to exactly one process, which we are.
  ...['NOTIFY_SOCKET', 'LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'WATCHDOG_PID', 'WATCHDOG_USEC'],
  ...[
    'INVOCATION_ID',
    'JOURNAL_STREAM',
    'MAINPID',
    'MANAGERPID',
    'SYSTEMD_EXEC_PID',
    'FDSTORE',
    'CREDENTIALS_DIRECTORY',
  ],
];

/** Names that a shell keeps for itself, so that they would arrive changed or not at all. */
const SHELLS_OWN = new Set(['IFS', 'OPTIND', 'PPID', 'SHELLOPTS', 'BASHOPTS', '_', 'REEVE_RUN', 'REEVE_MESSAGES']);

/** What a command is given apart from what it inherits, as it is at this launch. */
export interface Given {
  /** From `env.file`. */
  readonly files?: Readonly<Record<string, string>>;
  /** Values, read for this launch. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Where it shall listen. */
  readonly port?: number | null;
}

/**
 * The environment of a command: a fresh object, only strings.
 *
 * Of two that name the same, the later one counts: what is inherited, `env.file`, `env.set`, `env.secrets`, `PORT`.
 * `env.unset` takes away from the first two. What is inherited and cannot be handed on by a shell is left out; what was
 * asked for by name and cannot is refused.
 *
 * @throws {VariableNotPassable}
 */
export function environmentFor(
  spec: ProgramSpec,
  base: BaseEnvironment,
  { files = {}, secrets = {}, port = null }: Given = {},
): Record<string, string> {
  const { inherit, set, unset = [] } = spec.env;
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(base)) {
    if (value !== undefined && isPassable(name) && isInherited(name, inherit)) env[name] = value;
  }
  Object.assign(env, files);
  for (const name of unset) delete env[name];
  Object.assign(env, set, secrets);
  for (const name of Object.keys({ ...files, ...set, ...secrets })) passable(name);
  if (port !== null) env.PORT = String(port);
  return env;
}

/**
 * The same, with everything read that has to be read for it.
 *
 * @throws {VariableNotPassable | SecretNotAvailable | EnvFileNotUsable | LaunchRefused}
 */
export function readEnvironment(
  spec: ProgramSpec,
  base: BaseEnvironment,
  { secrets: keeper, port = null }: { readonly secrets?: SecretKeeper; readonly port?: number | null } = {},
): Record<string, string> {
  const files = readEnvFiles(spec);
  return environmentFor(spec, base, { files, secrets: resolveSecrets(spec, base, keeper, files), port });
}

function isInherited(name: string, inherit: ProgramSpec['env']['inherit']): boolean {
  if (inherit === 'none') return false;
  if (typeof inherit !== 'string') return inherit.includes(name);
  return !isListed(name, NOT_INHERITED) && (inherit === 'all' || isListed(name, SAFE_NAMES));
}

const isListed = (name: string, list: readonly string[]): boolean =>
  list.some((entry) => (entry.endsWith('*') ? name.startsWith(entry.slice(0, -1)) : name === entry));

const isPassable = (name: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !SHELLS_OWN.has(name);

function passable(name: string): void {
  if (!isPassable(name)) throw new VariableNotPassable({ name });
}
