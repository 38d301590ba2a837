import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, isAbsolute, join, resolve } from 'node:path';

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
