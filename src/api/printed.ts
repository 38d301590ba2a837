import type { Outputs } from '../actors/ports.ts';
import type { Run } from '../machines/context.ts';
import type { Outcome } from '../machines/outcome.ts';
import type { UnitMoment } from '../store/replay/fold.ts';
import type { History } from '../store/replay/history.ts';
import type { Printed } from './trace-types.ts';

/** How much of a run's output is looked at: the end of it. */
const OUTPUT_BYTES_MAX = 256 * 1024;

/**
 * What the run of a unit had printed at a moment.
 *
 * Output goes to its file without us, so nobody wrote down when each line came. It is known all the same where the run
 * was over by then, and where its lines begin with their own time, as those of most programs with a log do.
 */
export async function printedBy(
  moment: UnitMoment,
  atMs: number,
  history: History,
  outputs: Outputs | null,
): Promise<Printed | null> {
  const run = moment.context.run as Run | null | undefined;
  const outcome = moment.context.outcome as Outcome | null | undefined;
  if (!run) return null;
  const { runId } = run;
  const kept = outputs
    ? await outputs.read(runId, { mode: 'full', maxBytes: OUTPUT_BYTES_MAX })
    : history.outputs(moment.unitId).find((output) => output.runId === runId);
  if (!kept) return null;
  const { text, truncated, sizeBytes } = kept;
  if (outcome && outcome.endedMs <= atMs) return { runId, text, upTo: 'then', truncated, sizeBytes };
  const cut = beforeTime(text, atMs);
  return { runId, text: cut ?? text, upTo: cut === null ? 'later' : 'then', truncated, sizeBytes };
}

/** An ISO 8601 time, perhaps in brackets, perhaps as the first field of a JSON line. */
const STAMP = /^[[{"\s]*(?:(?:time|timestamp|ts|@timestamp)":\s*")?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?Z?)/;

/** The lines whose own time is not later. Lines without one belong to the last that has one. `null`: none has any. */
function beforeTime(text: string, atMs: number): string | null {
  let end = 0;
  let isStamped = false;
  for (const line of text.split(/(?<=\n)/)) {
    const stamp = STAMP.exec(line)?.[1];
    if (stamp !== undefined) {
      isStamped = true;
      if (Date.parse(stamp.replace(' ', 'T').replace(',', '.')) > atMs) break;
    }
    end += line.length;
  }
  return isStamped ? text.slice(0, end) : null;
}
