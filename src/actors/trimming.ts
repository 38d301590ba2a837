import { problemOf } from '../machines/errors.ts';
import type { Store } from '../store/rows.ts';
import type { Clock, Log } from './ports.ts';

/** How much of the past is kept. A state can be recovered, and what is left be replayed, whatever is deleted. */
export const RETENTION = {
  maxAgeMs: 7 * 24 * 3_600_000,
  // About 10 MB. A machine without a clock of its own boots in 1970, and is set right by the network while we run.
  minEntries: 10_000,
  maxEntries: 1_000_000,
  maxBytes: 256 * 1024 * 1024,
};
const TRIM_EVERY_MS = 3_600_000;
const TRIM_AGAIN_MS = 100;

export interface TrimmingOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when retention has forgotten runs. */
  readonly onForgottenRuns: () => void;
}

/** Deletes what retention does not keep, a piece at a time, so that nobody waits for it. Returns how to stop. */
export function keepTrimmed({ store, clock, log, onForgottenRuns }: TrimmingOptions): () => void {
  let cancel = (): void => {};
  const trim = (): void => {
    let more = false;
    try {
      const trimmed = store.trim({ ...RETENTION, nowMs: clock.wallMs() });
      more = trimmed.more;
      if (trimmed.runs > 0) onForgottenRuns();
    } catch (error) {
      log.warn({}, `the journal cannot be trimmed: ${problemOf(error).message}`);
    }
    cancel = clock.setTimer(more ? TRIM_AGAIN_MS : TRIM_EVERY_MS, trim);
  };
  trim();
  return () => cancel();
}
