import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { Problem } from '../../index.ts';
import { ControlRefused, OrchestratorGone } from './errors.ts';

export interface RequestOptions {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** Questions over one socket, a connection each. */
export interface Transport {
  json<T>(method: string, path: string, options?: RequestOptions): Promise<T>;
  /** Resolves with the first byte of the answer; iterating reads it. An abort ends the iteration without an error. */
  text(method: string, path: string, options?: RequestOptions): Promise<AsyncIterable<string>>;
}

/** The last three are those of a path that leads nowhere, or that no socket can have. */
const NOBODY_THERE = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EINVAL']);

/** No socket, or one that nobody listens at any more. */
export const isNobodyThere = (error: unknown): boolean => {
  const cause = error instanceof OrchestratorGone ? error.cause : error;
  return cause instanceof Error && 'code' in cause && NOBODY_THERE.has(String(cause.code));
};

export function createTransport(stateDir: string, socketPath: string): Transport {
  async function ask(method: string, path: string, options: RequestOptions): Promise<IncomingMessage> {
    const { query = {}, body, headers = {}, signal } = options;
    const text = body === undefined ? '' : JSON.stringify(body);
    const outgoing = request({
      socketPath,
      method,
      path: `${path}${searchOf(query)}`,
      agent: false,
      headers: { ...headers, 'content-length': Buffer.byteLength(text) },
      ...(signal && { signal }),
    });
    try {
      outgoing.end(text);
      const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
      response.setEncoding('utf8');
      // From here on the response tells what goes wrong; an error without a listener would end the process.
      outgoing.on('error', () => {});
      if ((response.statusCode ?? 0) >= 400) throw await refusalIn(response);
      return response;
    } catch (error) {
      throw wordsFor(error, signal);
    }
  }

  function wordsFor(error: unknown, signal: AbortSignal | undefined): unknown {
    if (error instanceof ControlRefused || error instanceof OrchestratorGone) return error;
    return signal?.aborted ? signal.reason : new OrchestratorGone({ stateDir, cause: error });
  }

  return {
    async json<T>(method: string, path: string, options: RequestOptions = {}) {
      const response = await ask(method, path, options);
      try {
        return JSON.parse(await textOf(response)) as T;
      } catch (error) {
        throw wordsFor(error, options.signal);
      }
    },
    async text(method, path, options = {}) {
      const response = await ask(method, path, options);
      return (async function* chunks() {
        try {
          for await (const chunk of response as AsyncIterable<string>) yield chunk;
        } catch (error) {
          if (!options.signal?.aborted) throw wordsFor(error, options.signal);
        }
      })();
    },
  };
}

async function refusalIn(response: IncomingMessage): Promise<ControlRefused> {
  const { error } = JSON.parse(await textOf(response)) as { error: Problem };
  return new ControlRefused({ status: response.statusCode ?? 0, problem: error });
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response as AsyncIterable<string>) text += chunk;
  return text;
}

function searchOf(query: RequestOptions['query'] & {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  return search.size === 0 ? '' : `?${search}`;
}
