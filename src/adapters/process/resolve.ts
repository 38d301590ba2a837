import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { CommandNotRunnable, DirectoryNotUsable } from './errors.ts';

/** What execvp(3) uses where the environment has no PATH. */
const DEFAULT_PATH = '/bin:/usr/bin';

/**
 * The words to execute, checked before the launch: afterwards 127 could be anybody's exit code.
 *
 * A string is for `/bin/sh -c`; an array is executed as it is, so its first word stays what it was.
 *
 * @throws {DirectoryNotUsable | CommandNotRunnable}
 */
export function resolveCommand(
  command: string | readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): readonly string[] {
  requireDirectory(cwd);
  const argv = typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
  findProgram(argv[0] ?? '', cwd, env.PATH ?? DEFAULT_PATH);
  return argv;
}

/** The file that `name` stands for, by the rules of execvp(3). */
export function findProgram(name: string, cwd: string, path: string): string {
  const refuse = (why: CommandNotRunnable['why'], where: string) =>
    new CommandNotRunnable({ command: name, cwd, why, path: where });
  if (name.includes('/')) {
    const file = resolve(cwd, name);
    const verdict = verdictOn(file);
    if (verdict === 'runnable') return file;
    throw refuse(verdict, file);
  }
  // A match that may not be executed does not end the search, but it explains a fruitless one.
  let denied: string | undefined;
  for (const directory of name === '' ? [] : path.split(':')) {
    const file = resolve(cwd, directory, name);
    const verdict = verdictOn(file);
    if (verdict === 'runnable') return file;
    if (verdict === 'permission denied') denied ??= file;
  }
  throw denied === undefined ? refuse('no such command', path) : refuse('permission denied', denied);
}

function verdictOn(file: string): 'runnable' | Exclude<CommandNotRunnable['why'], 'no such command'> {
  try {
    if (statSync(file).isDirectory()) return 'is a directory';
    accessSync(file, constants.X_OK);
    return 'runnable';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'permission denied' : 'no such file';
  }
}

function requireDirectory(cwd: string): void {
  try {
    if (!statSync(cwd).isDirectory()) throw new DirectoryNotUsable({ cwd, why: 'not a directory' });
    accessSync(cwd, constants.X_OK);
  } catch (error) {
    if (error instanceof DirectoryNotUsable) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES') throw new DirectoryNotUsable({ cwd, why: 'permission denied' });
    throw new DirectoryNotUsable({ cwd, why: code === 'ENOTDIR' ? 'not a directory' : 'no such directory' });
  }
}
