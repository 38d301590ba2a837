import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { NoDirectory, StateDirUnusable } from './errors.ts';

/** @throws {NoDirectory} */
export function assertDirectory(directory: string): void {
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) throw new NoDirectory({ directory });
}

/**
 * Makes a place for the state, for the commands that keep some.
 *
 * @throws {StateDirUnusable}
 */
export function makeStateDir(stateDir: string): void {
  try {
    makeDirectory(stateDir);
    if (!statSync(stateDir).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
    accessSync(stateDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new StateDirUnusable({ stateDir, why: whyNot(error) });
  }
}

/** Level by level: the recursive `mkdir` of Node never returns where the last level is ENOENT, as below /proc. */
function makeDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })) return;
  makeDirectory(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

function whyNot(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return WHY[code] ?? `the system says ${code}`;
}

const WHY: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'the directory cannot be made',
  ENOTDIR: 'it, or a part of its path, is no directory',
  EROFS: 'the file system can only be read',
  ENOSPC: 'the disk is full',
};
