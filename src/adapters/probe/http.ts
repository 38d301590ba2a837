import type { IncomingMessage } from 'node:http';
import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';
import { isDeepStrictEqual } from 'node:util';
import type { ProbeTarget } from '../../machines/spec.ts';
import { type Answer, answerOf, type Bounds, failed, PASSED, printMs } from './answer.ts';

export type HttpTarget = Extract<ProbeTarget, { readonly http: string }>;

/** No health answer is longer. What comes after it is not read. */
const BODY_BYTES_MAX = 64 * 1024;
const SHOWN_CHARS_MAX = 80;

type Redact = (text: string) => string;
const same: Redact = (text) => text;

/** One GET over a connection of its own. Redirects are answers; they are not followed. */
export function askHttp(target: HttpTarget, { signal, timeoutMs }: Bounds, redact: Redact = same): Promise<Answer> {
  const url = new URL(target.http);
  const where = printUrl(url);
  return new Promise((resolve) => {
    // What is known so far: it counts when the time is over, because a body may go on for ever.
    let known = failed(`no answer from ${where} within ${printMs(timeoutMs)}`);
    const get = url.protocol === 'https:' ? getSecure : getPlain;
    const request = get(url, { agent: false, headers: { accept: '*/*', 'user-agent': 'reeve' } });
    const finish = (answer: Answer) => {
      signal.removeEventListener('abort', onAbort);
      request.destroy();
      resolve(answer);
    };
    const onAbort = () => finish(known);
    signal.addEventListener('abort', onAbort, { once: true });
    request.on('error', (error) => finish(answerOf(error, whereOf(url, error))));
    request.on('response', (response) => {
      known = judgeStatus(response.statusCode ?? 0, target.status, where);
      const wantsJson = target.json !== null && known.is === 'passed';
      const verdict = known;
      if (wantsJson) known = failed(`no complete body from ${where} within ${printMs(timeoutMs)}`);
      readBody(response, (body) => finish(wantsJson ? judgeBody(body, target.json ?? {}, where, redact) : verdict));
    });
  });
}

/**
 * An address for people, without user, password and query: those may be secrets.
 *
 * **Example**
 *
 * ```ts
 * printUrl(new URL('http://admin:1234@localhost:80/health?key=5678')) // => 'http://localhost/health'
 * ```
 */
export const printUrl = (url: URL): string => `${url.protocol}//${url.host}${url.pathname}`;

/** A refusal is about the address, everything else about what was asked for. */
function whereOf(url: URL, error: Error): string {
  const isRefusal = 'code' in error && error.code === 'ECONNREFUSED';
  return isRefusal ? `${url.hostname}:${url.port || (url.protocol === 'https:' ? 443 : 80)}` : printUrl(url);
}

function judgeStatus(status: number, wanted: number | null, where: string): Answer {
  if (wanted === null ? status >= 200 && status < 400 : status === wanted) return PASSED;
  if (wanted !== null) return failed(`HTTP ${status} from ${where}, wanted ${wanted}`);
  return failed(
    status === 401
      ? `HTTP 401 from ${where}: it is alive, but the probe is not authorised`
      : `HTTP ${status} from ${where}`,
  );
}

/**
 * Calls `done` with the whole body, or with `null` when it is broken off or too long.
 *
 * It is read even when nobody wants it: a server that is hung up on while it writes may log that, once a second.
 */
function readBody(response: IncomingMessage, done: (body: string | null) => void): void {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  response.on('data', (chunk: Buffer) => {
    sizeBytes += chunk.length;
    chunks.push(chunk);
    if (sizeBytes > BODY_BYTES_MAX) done(null);
  });
  response.on('end', () => done(response.complete ? Buffer.concat(chunks).toString('utf8') : null));
  response.on('error', () => done(null));
}

function judgeBody(
  body: string | null,
  wanted: Readonly<Record<string, unknown>>,
  where: string,
  redact: Redact,
): Answer {
  if (body === null) return failed(`the body from ${where} broke off, or is longer than ${BODY_BYTES_MAX / 1024} KB`);
  const found = parse(body);
  if (found === undefined) return failed(`the body from ${where} is not JSON`);
  const fields: Record<string, unknown> = typeof found === 'object' && found !== null ? { ...found } : {};
  for (const [field, value] of Object.entries(wanted)) {
    if (isDeepStrictEqual(fields[field], value)) continue;
    if (!Object.hasOwn(fields, field)) return failed(`"${field}" is missing from ${where}, wanted ${print(value)}`);
    return failed(`"${field}" is ${print(fields[field], redact)}, wanted ${print(value)}`);
  }
  return PASSED;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Half a secret would not be recognised as one: what is cut was redacted before. */
function print(value: unknown, redact: Redact = same): string {
  const text = redact(JSON.stringify(value) ?? 'nothing');
  return text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}…` : text;
}
