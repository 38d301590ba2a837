/** Real servers on ports that were free a moment ago, and who holds them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { onTestFinished } from 'vitest';
import { identify } from '../../src/adapters/system/identity.ts';
import type { ProcessIdentity } from '../../src/machines/vocabulary.ts';

/** The text of a Node program that listens on a port. It has no quotes, so that a shell may be given it in quotes. */
export const listening = (port: number, host = '127.0.0.1'): string =>
  `require(\`net\`).createServer().listen(${port}, \`${host}\`, () => console.log(\`listens\`))`;

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

/** Somebody who is none of ours listens on this port until the test is over. Any signal that is sent to it ends it. */
export async function strangerOn(port: number, more: NodeJS.ProcessEnv = {}, host?: string): Promise<ProcessIdentity> {
  const child = spawn(process.execPath, ['-e', listening(port, host)], {
    env: { ...process.env, ...more },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  await once(child.stdout, 'data');
  return identify(child.pid ?? 0)!;
}
