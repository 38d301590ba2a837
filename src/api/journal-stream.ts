import type { Entry, Store } from '../store/rows.ts';
import type { JournalOptions } from './types.ts';

/**
 * The journal as a stream: first what is stored, then, with `follow`, what is committed from then on.
 *
 * No entry is left out and none comes twice. A slow reader holds up nobody: what it has not taken is read from the
 * store.
 */
export async function* journalStream(
  store: Store,
  observe: (wake: () => void) => () => void,
  { unit, after = 0, follow = false, signal }: JournalOptions,
): AsyncGenerator<Entry, void, undefined> {
  const news = follow ? listen(observe, signal) : null;
  let seq = after;
  try {
    do {
      for (const entry of store.journal({ ...(unit !== undefined && { unitId: unit }), afterSeq: seq })) {
        if (signal?.aborted) return;
        seq = entry.seq;
        yield entry;
      }
    } while (await news?.next());
  } finally {
    news?.stop();
  }
}

/** Tells that something was committed; what it was is in the store. */
function listen(observe: (wake: () => void) => () => void, signal?: AbortSignal) {
  let isNews = false;
  let wake: (more: boolean) => void = () => {};
  const unobserve = observe(() => {
    isNews = true;
    wake(true);
  });
  const onAbort = (): void => wake(false);
  signal?.addEventListener('abort', onAbort);
  return {
    async next(): Promise<boolean> {
      if (signal?.aborted) return false;
      if (!isNews) {
        const more = await new Promise<boolean>((resolve) => {
          wake = resolve;
        });
        wake = () => {};
        if (!more) return false;
      }
      isNews = false;
      return true;
    },
    stop(): void {
      unobserve();
      signal?.removeEventListener('abort', onAbort);
      wake(false);
    },
  };
}
