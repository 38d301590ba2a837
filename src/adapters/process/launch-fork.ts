import { spawn } from 'node:child_process';
import type { Slot } from './inherited-descriptors.ts';

/** What is to be started. The first word is a path; the environment is all of it. */
export interface ForkOrder {
  readonly words: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A program that was ordered, and is let go of. */
export interface Fork {
  /** Resolves with its pid as soon as it runs. Rejects with what the system said, if it never will. */
  readonly begun: Promise<number>;
  /** By what it ended, if it had begun: `code 1`, `SIGKILL`, in words where nobody can tell. Never rejects. */
  readonly ended: Promise<string>;
  /** Kills it, if it has begun and is known to live. */
  kill(): void;
}

/**
 * Starts a program from this process, in a session of its own.
 *
 * With `node:child_process` itself: all we want is a table of descriptors and a pid, and everything that execa adds
 * (streams, promises, ending children when we exit) would have to be switched off.
 *
 * @throws {Error} What the system said at once, such as E2BIG.
 */
export function forkHere({ words, cwd, env }: ForkOrder, stdio: Slot[]): Fork {
  const [file = '', ...args] = words;
  const [begun, ended] = [Promise.withResolvers<number>(), Promise.withResolvers<string>()];
  const child = spawn(file, args, { cwd, env, stdio, detached: true });
  child.unref();
  child.once('spawn', () => begun.resolve(child.pid ?? 0));
  child.once('error', begun.reject);
  child.once('exit', (code, signal) => ended.resolve(signal ?? `code ${code}`));
  return { begun: begun.promise, ended: ended.promise, kill: () => void child.kill('SIGKILL') };
}
