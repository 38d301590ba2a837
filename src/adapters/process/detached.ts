import { type ChildProcess, spawn } from 'node:child_process';
import { coverInherited, inheritedDescriptors } from './inherited-descriptors.ts';

export interface DetachedOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** An open file that takes all that it prints. `ignore`: nobody does. */
  readonly output: number | 'ignore';
}

/**
 * Starts a Node program that outlives us, in a session of its own. It gets `output` and a channel to us (`process.send`
 * there), and nothing else that we have open: whoever waits for our end by a pipe must not wait for its end.
 *
 * **Example**
 *
 * ```ts
 * const { once } = await import('node:events');
 * const { openSync } = await import('node:fs');
 *
 * const output = openSync('/dev/null', 'a');
 * const child = await startDetached(['-e', 'process.send(6 * 7)'], { cwd: '/', env: process.env, output });
 * const [answer] = await once(child, 'message');
 * answer // => 42
 * ```
 */
export async function startDetached(
  nodeArguments: readonly string[],
  { cwd, env, output }: DetachedOptions,
): Promise<ChildProcess> {
  const stdio = coverInherited(['ignore', output, output, 'ipc'], await inheritedDescriptors());
  return spawn(process.execPath, [...nodeArguments], { cwd, env, detached: true, stdio });
}
