import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import { isFault, problemOf } from '../../index.ts';
import { BadRequest } from './errors.ts';

/** What a route answers: one JSON document, or a text that goes on for as long as there is something to say. */
export type Answer =
  | { readonly status?: number; readonly json: unknown }
  | { readonly contentType: string; readonly chunks: AsyncIterable<string> };

const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  UnknownUnit: 404,
  UnknownRun: 404,
  InvalidSpec: 422,
  NotYet: 422,
  Closed: 503,
  StoreUnwritable: 503,
  StoreUnreadable: 503,
};

/** The HTTP status of an error. A fault without an entry of its own is a conflict with how things are. */
export function statusOf(error: unknown): number {
  if (error instanceof BadRequest) return error.status;
  return isFault(error) ? (STATUS_OF_CODE[error.code] ?? 409) : 500;
}

/** Resolves when the answer has been handed over whole; rejects when the client went away. */
export async function send(response: ServerResponse, answer: Answer, signal: AbortSignal): Promise<void> {
  if ('json' in answer) {
    sendJson(response, answer.status ?? 200, answer.json);
    return finished(response);
  }
  response.writeHead(200, { 'content-type': answer.contentType, 'cache-control': 'no-store' });
  response.flushHeaders();
  for await (const chunk of answer.chunks) {
    if (signal.aborted) break;
    // The next chunk is not even asked for before the reader has taken this one: a slow reader costs no memory.
    if (!response.write(chunk)) await once(response, 'drain', { signal });
  }
  response.end();
  await finished(response);
}

/** Before the first byte: an error document. After it: a cut connection, which no reader can mistake for an end. */
export function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else sendJson(response, statusOf(error), { error: problemOf(error) });
}

function sendJson(response: ServerResponse, status: number, json: unknown): void {
  const text = `${JSON.stringify(json)}\n`;
  const length = Buffer.byteLength(text);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': length }).end(text);
}
