import { createHash } from 'node:crypto';
import { accessSync, chmodSync, constants, mkdirSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { StateDirUnusable } from './errors.ts';

export interface StateDirOptions {
  readonly stateDir?: string | undefined;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Where a project keeps its state: the option, else `REEVE_HOME`, else a directory of its own below
 * `$XDG_STATE_HOME/reeve`.
 *
 * Named after the real path of the working directory, so that a symbolic link leads to the same state.
 *
 * ```ts
 * resolveStateDir({ stateDir: '/var/lib/shop', cwd: '/', env: {} }) // => '/var/lib/shop'
 * ```
 */
export function resolveStateDir({ stateDir, cwd, env }: StateDirOptions): string {
  if (stateDir) return resolve(cwd, stateDir);
  if (env.REEVE_HOME) return resolve(cwd, env.REEVE_HOME);
  const real = realpathSync(cwd);
  const slug = basename(real).replace(/[^A-Za-z0-9._-]+/g, '-') || 'root';
  const hash = createHash('sha256').update(real).digest('hex').slice(0, 12);
  return join(stateHome(env), 'reeve', `${slug}-${hash}`);
}

/** The XDG base directory specification: a path that is not absolute is to be ignored. */
function stateHome(env: StateDirOptions['env']): string {
  const given = env.XDG_STATE_HOME;
  return given && isAbsolute(given) ? given : join(env.HOME || homedir(), '.local', 'state');
}

/** The lock is the first file that an orchestrator makes, and the store is what it is about. */
const LOCK = 'lock.db';
const STORE = 'reeve.db';
/** Of one that never came so far. */
const BEFORE_THE_LOCK = new Set(['orchestrator.log', 'orchestrator.log.1']);

/**
 * Makes a place for the state, where there is none yet, and looks whether it can be kept there.
 *
 * A directory that holds something else is refused: what lies below `runs` in a state directory, and belongs to no run
 * that is known, is deleted.
 *
 * @throws {StateDirUnusable}
 */
export function makeStateDir(stateDir: string): void {
  try {
    makeDirectory(stateDir);
    if (!statSync(stateDir).isDirectory()) throw new StateDirUnusable({ stateDir, why: NO_DIRECTORY });
    accessSync(stateDir, constants.R_OK | constants.W_OK | constants.X_OK);
    const names = readdirSync(stateDir);
    const isOurs = names.includes(STORE) || statSync(join(stateDir, LOCK), { throwIfNoEntry: false })?.isFile();
    const stranger = isOurs ? undefined : names.find((name) => !BEFORE_THE_LOCK.has(name));
    if (stranger === undefined) return;
    throw new StateDirUnusable({ stateDir, why: `it holds "${stranger}", and so belongs to something else` });
  } catch (error) {
    if (error instanceof StateDirUnusable) throw error;
    throw new StateDirUnusable({ stateDir, why: whyNot(error) });
  }
}

/** Level by level: the recursive `mkdir` of Node never returns where the last level is ENOENT, as below /proc. */
function makeDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })) return;
  makeDirectory(dirname(path));
  mkdirSync(path, { mode: 0o700 });
  // A umask takes bits away, also those of the owner.
  chmodSync(path, 0o700);
}

function whyNot(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return WHY[code] ?? `the system says ${code}`;
}

const NO_DIRECTORY = 'it, or a part of its path, is no directory';

const WHY: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'the directory cannot be made',
  ENOTDIR: NO_DIRECTORY,
  ENAMETOOLONG: 'the path, or a part of it, is too long',
  ELOOP: 'its symbolic links lead in a circle',
  EROFS: 'the file system can only be read',
  ENOSPC: 'the disk is full',
  ERR_INVALID_ARG_VALUE: 'a path has no NUL byte',
};
