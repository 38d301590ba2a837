import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Reeve } from '../../index.ts';
import { claimAddress, releaseAddress } from './address.ts';
import { send, sendError } from './answer.ts';
import { BadRequest, ControlUnavailable } from './errors.ts';
import { type Call, ROUTES, type Route } from './routes.ts';

export interface ControlOptions {
  /** Where the socket is; the caller holds it. */
  readonly stateDir: string;
  /** @default `process.env` */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Called once somebody asked for the end and everything is at rest. @default closes the reeve */
  readonly onDown?: () => Promise<void>;
}

export interface ControlServer {
  readonly socketPath: string;
  /** Takes no new connections and removes the socket. Answers that are under way go on. */
  stopListening(): void;
  /** Ends everything, also what streams. Idempotent. */
  close(): Promise<void>;
}

/** Longest time a client may take to say what it wants. How long the answer takes is not bounded: it may be a wait. */
const REQUEST_MS_MAX = 10_000;
/** How long a client that does not read may hold up the end. */
const FAREWELL_MS_MAX = 1_000;
const HEADER_BYTES_MAX = 16_384;
const PRIVATE_UMASK = 0o177;

/**
 * The control surface of a live orchestrator: HTTP over a Unix socket that is ours alone.
 *
 * When the state directory is given up, listening has to stop before: the next orchestrator has its socket in the same
 * place.
 *
 * @throws {ControlUnavailable}
 */
export async function serveControl(reeve: Reeve, options: ControlOptions): Promise<ControlServer> {
  const { stateDir, env = process.env, onDown = () => reeve.close() } = options;
  const ending = new AbortController();
  const answers = new Set<Promise<void>>();
  const server = createServer(
    { headersTimeout: REQUEST_MS_MAX, requestTimeout: REQUEST_MS_MAX, maxHeaderSize: HEADER_BYTES_MAX },
    (request, response) => {
      const answer = answerTo(request, response, { reeve, ending: ending.signal, goDown: onDown });
      answers.add(answer);
      answer.finally(() => answers.delete(answer));
    },
  );
  const socketPath = claimAddress(stateDir, env);
  await listen(server, socketPath);

  let isListening = true;
  const stopListening = (): void => {
    if (!isListening) return;
    isListening = false;
    server.close();
    releaseAddress(stateDir, socketPath);
  };
  return {
    socketPath,
    stopListening,
    async close() {
      stopListening();
      ending.abort();
      await Promise.race([Promise.all(answers), pause(FAREWELL_MS_MAX, undefined, { ref: false })]);
      server.closeAllConnections();
    },
  };
}

/** The socket gets its permissions when it is made: there is no moment in which others could connect. */
async function listen(server: Server, path: string): Promise<void> {
  const before = process.umask(PRIVATE_UMASK);
  try {
    server.listen(path);
  } finally {
    process.umask(before);
  }
  try {
    await once(server, 'listening');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ControlUnavailable({ path, why, hint: 'Look at the directory and its permissions.' });
  }
}

interface Scene extends Pick<Call, 'reeve' | 'goDown'> {
  readonly ending: AbortSignal;
}

/** Never rejects: whatever goes wrong is told to the client, or to nobody when it has gone. */
async function answerTo(request: IncomingMessage, response: ServerResponse, scene: Scene): Promise<void> {
  const { reeve, goDown, ending } = scene;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  response.on('error', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, ending]);
  try {
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://control');
    const { route, id } = routeFor(request.method ?? '', pathname);
    await send(response, await route.answer({ reeve, id, query, request, signal, goDown }), signal);
  } catch (error) {
    if (gone.signal.aborted) return;
    if (ending.aborted && !response.headersSent) response.destroy();
    else sendError(response, error);
  }
}

function routeFor(method: string, pathname: string): { readonly route: Route; readonly id: string } {
  const matching = ROUTES.flatMap((route) => {
    const id = idIn(pathname, route.path);
    return id === null ? [] : [{ route, id }];
  });
  const found = matching.find(({ route }) => route.method === method);
  if (found) return found;
  if (matching[0]) {
    const hint = `Use ${matching[0].route.method}.`;
    throw new BadRequest({ what: `${pathname} does not know ${method}.`, hint, status: 405 });
  }
  const hint = 'Begin with /v1/status.';
  throw new BadRequest({ what: `There is nothing at ${pathname}.`, hint, status: 404 });
}

/** `''` for a path without an id; `null`: another path. */
function idIn(pathname: string, pattern: string): string | null {
  const given = pathname.split('/');
  const expected = pattern.split('/');
  if (given.length !== expected.length) return null;
  let id = '';
  for (const [index, segment] of expected.entries()) {
    const part = given[index] ?? '';
    if (segment === ':id') id = decode(part);
    else if (segment !== part) return null;
  }
  return id;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new BadRequest({ what: `"${segment}" is not URL-encoded.`, hint: 'Encode the id.', status: 400 });
  }
}
