import type { Clock, Log, ProbeCall } from '../../actors/ports.ts';
import type { LineSearch } from './lines.ts';
import { searchLog } from './log.ts';
import type { RunView } from './run-view.ts';

export type PrintedCall = Extract<ProbeCall, { readonly probe: 'printed' }>;

export interface PrintedPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly view: RunView;
  readonly tell: (pattern: string, found: boolean) => void;
}

/** How long a line without an end may stay as it is before it counts, and what cannot be read is left alone. */
const ROUND_MS = 1_000;

/**
 * Reads what a run has printed, from its first byte on, until each pattern was found or all was read: a run that has
 * ended is read to its end. Returns how to stop it.
 */
export function seekPrinted({ run, patterns }: PrintedCall, { clock, log, view, tell }: PrintedPorts): () => void {
  const closing = new AbortController();
  for (const pattern of patterns) void seek(pattern, searchLog(run.runId, pattern, true, view));
  return () => closing.abort();

  async function seek(pattern: string, search: LineSearch): Promise<void> {
    for (let wasRead = true; !closing.signal.aborted; ) {
      const round = roundOf(clock, closing.signal);
      const answer = await search.ask({ signal: round.signal });
      if (closing.signal.aborted) break;
      if (answer.is === 'unasked' && wasRead) log.warn({ unit: run.unitId, detail: answer.detail }, UNREAD);
      wasRead = answer.is !== 'unasked';
      const isFound = answer.is === 'passed';
      if (isFound || search.isOver()) {
        round.end();
        tell(pattern, isFound);
        break;
      }
      await round.over;
    }
    search.close();
  }
}

const UNREAD = 'What others wait for it to print cannot be looked for. That is tried again.';

function roundOf(clock: Clock, closing: AbortSignal) {
  const round = new AbortController();
  const over = new Promise<void>((resolve) => round.signal.addEventListener('abort', () => resolve(), { once: true }));
  const end = () => {
    cancel();
    closing.removeEventListener('abort', end);
    round.abort();
  };
  const cancel = clock.setTimer(ROUND_MS, end);
  closing.addEventListener('abort', end, { once: true });
  return { signal: round.signal, over, end };
}
