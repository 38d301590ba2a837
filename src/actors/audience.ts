import type { Entry } from '../store/rows.ts';
import type { Log } from './ports.ts';

/** Who hears of entries. One that throws keeps nobody else from hearing. */
export interface Audience {
  /**
   * Calls `listener` once for every entry from now on: after its commit or, while the store cannot be written, when it
   * is acted on. Returns how to stop.
   */
  observe(listener: (entry: Entry) => void): () => void;
  /** Calls `wake` whenever there is something new to be read in the store's journal. Returns how to stop. */
  observeJournal(wake: () => void): () => void;
}

export function createAudience(log: Log): Audience & { tell(entry: Entry): void; wakeReaders(): void } {
  const listeners = new Set<(entry: Entry) => void>();
  const readers = new Set<() => void>();
  return {
    observe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    observeJournal(wake) {
      readers.add(wake);
      return () => readers.delete(wake);
    },
    tell(entry) {
      for (const listener of listeners) {
        try {
          listener(entry);
        } catch (error) {
          log.error({ seq: entry.seq }, `an observer failed: ${String(error)}`);
        }
      }
    },
    wakeReaders() {
      for (const wake of readers) wake();
    },
  };
}
