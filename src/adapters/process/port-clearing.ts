import { createServer } from 'node:net';
import type { Clock } from '../../actors/ports.ts';
import type { RunId } from '../../machines/vocabulary.ts';
import type { MarkedRun } from './port-holder.ts';
import type { PortInUse } from './port-in-use.ts';
import type { Obstacle } from './port-obstacle.ts';

/** What is left of a run that is over was to be gone long ago. */
const GRACE_MS = 2_000;
const KILL_LIMIT_MS = 2_000;
/** The threads of a dead process may hold its socket for a moment, when there is nobody to be seen any more. */
const FADE_LIMIT_MS = 500;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 200;

export interface Clearing {
  readonly clock: Clock;
  obstacle(): Promise<Obstacle | null>;
  /** Ends what is left of a run, by verified identity. */
  end(how: 'terminate' | 'kill', run: MarkedRun, problem: PortInUse): void;
  /** Calls back after a while, unless nobody wants that by then. */
  later(ms: number, run: () => void): void;
}

/**
 * Resolves when nobody is in the way of a server on this port. What is left of a run of ours that is over is ended, at
 * most once by each signal; nobody else is sent any.
 *
 * @throws {PortInUse}
 */
export async function clearPort({ clock, obstacle, end, later }: Clearing): Promise<void> {
  const told = new Map<RunId, 'terminate' | 'kill'>();
  const begunMs = clock.monoMs();
  let staleMs = begunMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const found = await obstacle();
    if (found === null) return;
    const nowMs = clock.monoMs();
    const limitMs = { held: begunMs, unseen: staleMs + FADE_LIMIT_MS, stale: begunMs + GRACE_MS + KILL_LIMIT_MS };
    if (nowMs >= limitMs[found.is]) throw found.problem;
    if (found.is === 'stale') {
      staleMs = nowMs;
      const how = nowMs - begunMs < GRACE_MS ? 'terminate' : 'kill';
      if (told.get(found.run.runId) !== how) end(how, found.run, found.problem);
      told.set(found.run.runId, how);
    }
    await new Promise<void>((resolve) => later(pauseMs, resolve));
  }
}

/**
 * Whether a server could have this port, on all addresses; `false` in doubt. Far cheaper than to ask who has it: for
 * that the kernel walks through the table of all its connections.
 */
export async function canBind(port: number): Promise<boolean> {
  const refusal = await bind('::', port);
  const hasNoIpv6 = refusal === 'EAFNOSUPPORT' || refusal === 'EADDRNOTAVAIL';
  return (hasNoIpv6 ? await bind('0.0.0.0', port) : refusal) === null;
}

/** `null`: it was ours for a moment. As for the server to come, connections that are over do not count. */
function bind(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? 'UNKNOWN'));
    // In a cluster the primary would bind it for us, and share it.
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
