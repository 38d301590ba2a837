import type { EventEmitter } from 'node:events';

/**
 * Keys of `node:readline`. While something takes its time, each of them means only that it shall stop.
 */
export function keysThatStop(keyboard: EventEmitter) {
  const taken = new Set<unknown>();
  let stop: AbortController | null = null;
  const onKey = (_text: unknown, key: unknown): void => {
    if (!stop) return;
    taken.add(key);
    stop.abort();
  };
  keyboard.on('keypress', onKey);
  return {
    /** Aborted by the next key, until it is done. */
    signal(): AbortSignal {
      stop = new AbortController();
      return stop.signal;
    },
    done(): void {
      stop = null;
    },
    hasTaken: (key: unknown): boolean => taken.delete(key),
    [Symbol.dispose]: () => void keyboard.off('keypress', onKey),
  };
}
