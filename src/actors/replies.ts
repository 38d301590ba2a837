import { Refused } from '../machines/errors.ts';
import type { Problem } from '../machines/vocabulary.ts';

/** Who waits for an answer to a request. Not durable: whoever asked an earlier orchestrator is not there any more. */
export interface Replies {
  /** Makes an id that no other orchestrator ever used, and the promise that its answer settles. */
  open(signal?: AbortSignal): { readonly requestId: string; readonly answer: Promise<void> };
  /** Answers a request: `null` is yes. An id that nobody waits for any more is fine. */
  settle(requestId: string, problem: Problem | null): void;
  /** Refuses everything that still waits. */
  close(problem: Problem): void;
}

/** @param instance Tells this orchestrator's requests from those in the journal that an earlier one took. */
export function createReplies(instance: string): Replies {
  const waiting = new Map<string, { resolve: () => void; reject: (error: unknown) => void }>();
  let count = 0;

  const settle = (requestId: string, problem: Problem | null): void => {
    const waiter = waiting.get(requestId);
    waiting.delete(requestId);
    if (problem) waiter?.reject(new Refused({ problem }));
    else waiter?.resolve();
  };

  return {
    open(signal) {
      signal?.throwIfAborted();
      const requestId = `${instance}-${++count}`;
      const { promise: answer, resolve, reject } = Promise.withResolvers<void>();
      // The request stands; only this caller does not wait for its answer any more.
      const onAbort = (): void => {
        waiting.delete(requestId);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      const done = (): void => signal?.removeEventListener('abort', onAbort);
      waiting.set(requestId, {
        resolve: () => {
          done();
          resolve();
        },
        reject: (error) => {
          done();
          reject(error);
        },
      });
      return { requestId, answer };
    },
    settle,
    close(problem) {
      for (const requestId of [...waiting.keys()]) settle(requestId, problem);
    },
  };
}
