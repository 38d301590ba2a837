import { createHash } from 'node:crypto';
import { lstatSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { ControlUnavailable } from './errors.ts';

/** `sun_path` holds 108 bytes on Linux and 104 on macOS; Node 20 cuts longer ones silently. */
const PATH_BYTES_MAX = 100;
const PRIVATE_PREFIX = 'reeve-';

/** Where the orchestrator of a state directory listens, as far as its files say. Nobody may be there. */
export function addressOf(stateDir: string): string {
  return readElsewhere(stateDir) ?? join(stateDir, 'control.sock');
}

/**
 * Settles where to listen, and clears what a dead orchestrator left there. The caller holds the state directory.
 *
 * A path that is too long for a socket moves to `$XDG_RUNTIME_DIR`, if that is ours alone, or to a new directory under
 * the temporary one; `control.path` then says where.
 *
 * @throws {ControlUnavailable} Something else is in the place, or no place is short enough.
 */
export function claimAddress(stateDir: string, env: Readonly<Record<string, string | undefined>>): string {
  const before = readElsewhere(stateDir);
  if (before !== null) releaseAddress(stateDir, before);
  const near = join(stateDir, 'control.sock');
  const path = fits(near) ? near : placeElsewhere(stateDir, env.XDG_RUNTIME_DIR);
  removeStale(path);
  if (path !== near) writeFileSync(join(stateDir, 'control.path'), path, { mode: 0o600 });
  return path;
}

/** Removes every trace of the address. A socket that is gone already is no trouble. */
export function releaseAddress(stateDir: string, path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket()) rmSync(path, { force: true });
  rmSync(join(stateDir, 'control.path'), { force: true });
  const directory = dirname(path);
  // Ours by its name, and removed only when nothing is left in it.
  if (!basename(directory).startsWith(PRIVATE_PREFIX) || directory === stateDir) return;
  try {
    rmdirSync(directory);
  } catch {
    // Somebody else keeps something there, or it is gone.
  }
}

const fits = (path: string): boolean => Buffer.byteLength(path) <= PATH_BYTES_MAX;

function readElsewhere(stateDir: string): string | null {
  try {
    return readFileSync(join(stateDir, 'control.path'), 'utf8').trim() || null;
  } catch {
    return null;
  }
}

function placeElsewhere(stateDir: string, runtimeDir: string | undefined): string {
  const name = `reeve-${createHash('sha256').update(stateDir).digest('hex').slice(0, 16)}.sock`;
  if (runtimeDir !== undefined && isOursAlone(runtimeDir) && fits(join(runtimeDir, name)))
    return join(runtimeDir, name);
  const path = join(tmpdir(), `${PRIVATE_PREFIX}XXXXXX`, 'control.sock');
  if (!fits(path)) {
    const hint = 'Name a shorter state directory with --state-dir, or set TMPDIR to a shorter path.';
    throw new ControlUnavailable({ path, why: 'the path is too long for a socket', hint });
  }
  return join(mkdtempSync(join(tmpdir(), PRIVATE_PREFIX)), 'control.sock');
}

function isOursAlone(directory: string): boolean {
  const found = lstatSync(directory, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o77) === 0;
}

function removeStale(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !found.isSocket()) {
    const hint = 'Move it away. It is none of our files.';
    throw new ControlUnavailable({ path, why: 'there is something that is no socket', hint });
  }
  rmSync(path, { force: true });
}
