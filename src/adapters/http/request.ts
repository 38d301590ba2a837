import type { IncomingMessage } from 'node:http';
import type { Milestone, OutputQuery } from '../../index.ts';
import { BadRequest } from './errors.ts';

const BODY_BYTES_MAX = 1_048_576;
/** What timers of Node can hold. */
const TIMER_MS_MAX = 2 ** 31 - 1;

const MILESTONES: readonly Milestone[] = [
  'spawning',
  'waiting-health',
  'running',
  'idle-stalled',
  'stopping',
  'reaped',
  'ready',
  'finished',
  'settled',
];
const MODES: readonly OutputQuery['mode'][] = ['full', 'head', 'tail', 'grep'];

/**
 * The body as JSON, at most 1 MB of it.
 *
 * @throws {BadRequest} Too large, or no JSON object.
 */
export async function readBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) {
      throw new BadRequest({ what: 'The body is larger than 1 MB.', hint: 'Send less.', status: 413 });
    }
    chunks.push(chunk);
  }
  const hint = 'Send one JSON object.';
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { ...body };
  } catch {
    throw new BadRequest({ what: 'The body is not JSON.', hint, status: 400 });
  }
  throw new BadRequest({ what: 'The body is not a JSON object.', hint, status: 400 });
}

/** A whole number of the query, 0 or more; `null`: not given. */
export function countIn(query: URLSearchParams, name: string): number | null {
  const text = query.get(name);
  if (text === null) return null;
  const count = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(count) && count >= 0) return count;
  throw bad(`"${name}" is not a whole number: "${text}".`, `Write ${name}=10.`);
}

export function milestoneIn(query: URLSearchParams): Milestone {
  return oneOf('for', query.get('for') ?? 'settled', MILESTONES);
}

export function maxWaitIn(query: URLSearchParams): number | null {
  const maxWaitMs = countIn(query, 'maxWait');
  return maxWaitMs === null ? null : Math.min(maxWaitMs, TIMER_MS_MAX);
}

export function outputQueryIn(query: URLSearchParams): OutputQuery & { readonly runId?: string } {
  const lines = countIn(query, 'lines');
  const maxBytes = countIn(query, 'maxBytes');
  const pattern = query.get('pattern');
  const runId = query.get('run');
  if (pattern !== null) assertRegExp(pattern);
  return {
    mode: oneOf('mode', query.get('mode') ?? 'full', MODES),
    ...(lines === null ? {} : { lines }),
    ...(maxBytes === null ? {} : { maxBytes }),
    ...(pattern === null ? {} : { pattern }),
    ...(runId === null ? {} : { runId }),
  };
}

export const flagIn = (query: URLSearchParams, name: string): boolean =>
  query.has(name) && query.get(name) !== 'false' && query.get(name) !== '0';

function oneOf<Word extends string>(name: string, given: string, words: readonly Word[]): Word {
  const word = words.find((known) => known === given);
  if (word === undefined) throw bad(`"${name}" cannot be "${given}".`, `Write one of ${words.join(', ')}.`);
  return word;
}

function assertRegExp(pattern: string): void {
  try {
    new RegExp(pattern);
  } catch {
    throw bad(`"${pattern}" is not a regular expression.`, 'Put a backslash before characters such as ( [ * and +.');
  }
}

const bad = (what: string, hint: string): BadRequest => new BadRequest({ what, hint, status: 400 });
