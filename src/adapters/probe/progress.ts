import type { Clock } from '../../actors/ports.ts';
import type { ReadySpec } from '../../machines/spec.ts';
import type { RunId } from '../../machines/vocabulary.ts';
import type { RunView } from './run-view.ts';

/** How many times as long as `within` a start may take that gets on, unless `atMost` says otherwise. */
const AT_MOST_FACTOR = 5;
/** What is said in a quarter of `within` is said once: the journal keeps decisions, and not what programs print. */
const TOLD_PER_WINDOW = 4;
const SHOWN_CHARS_MAX = 120;

export interface ProgressPorts {
  readonly clock: Clock;
  readonly view: RunView;
  readonly redact: (text: string) => string;
  readonly tell: (text: string) => void;
}

/**
 * Notices that a run which is not ready yet gets on, by what it prints, and tells so now and then: each time, its start
 * may take `within` from there.
 *
 * Not for ever: when less than `within` is left of `atMost`, counted from the first question, nothing is told any more.
 */
export function watchProgress(runId: RunId, spec: ReadySpec, { clock, view, redact, tell }: ProgressPorts) {
  const { within, atMost = AT_MOST_FACTOR * within } = spec;
  const begunMs = clock.monoMs();
  let toldMs = begunMs;
  let toldBytes = view.printedBytes(runId);
  let isTelling = false;

  return (detail: string): void => {
    const nowMs = clock.monoMs();
    if (isTelling || nowMs - toldMs < within / TOLD_PER_WINDOW || nowMs + within > begunMs + atMost) return;
    const bytes = view.printedBytes(runId);
    if (bytes <= toldBytes) return;
    toldMs = nowMs;
    toldBytes = bytes;
    isTelling = true;
    void view
      .lastLine(runId)
      .catch(() => '')
      .then((line) => {
        isTelling = false;
        tell(`not ready yet (${detail}), but it gets on${wordsOf(redact(line))}`);
      });
  };
}

/** Half a secret would not be recognised as one: what is cut was redacted before. */
function wordsOf(line: string): string {
  if (line === '') return '';
  return `: ${line.length > SHOWN_CHARS_MAX ? `${line.slice(0, SHOWN_CHARS_MAX)}…` : line}`;
}
