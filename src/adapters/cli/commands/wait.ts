import type { Milestone, Result } from '../../../index.ts';
import type { Context } from '../context.ts';
import { NobodyRuns } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { resolveRef } from '../refs.ts';
import { resultLine } from '../render/result-line.ts';
import { openView } from '../view.ts';

export interface WaitOptions {
  readonly for?: Milestone;
  readonly maxWait?: number;
}

/** Waits for the end of a unit, or for a state. How it ended is the answer, and no failure of the wait. */
export async function wait(context: Context, ref: string, options: WaitOptions): Promise<number> {
  using view = await openView(context);
  const id = resolveRef(ref, await view.status());
  const { for: milestone = 'settled', maxWait } = options;
  if (!view.live) {
    const recorded = await view.result(id);
    if (!isRecorded(milestone, recorded)) throw new NobodyRuns(context);
    tell(context, recorded, resultLine(recorded));
    return EXIT.done;
  }
  const { reached, result: found } = await view.live.wait(id, {
    for: milestone,
    ...(maxWait !== undefined && { maxWaitMs: maxWait }),
  });
  tell(context, found, waitLine(milestone, reached, found));
  return reached ? EXIT.done : EXIT.stillRunning;
}

/** Where nobody orchestrates, only what has ended can be said to be so. */
function isRecorded(milestone: Milestone, { outcome }: Result): boolean {
  if (milestone === 'finished') return outcome === 'finished';
  return outcome !== null && (milestone === 'settled' || milestone === 'reaped');
}

/** `web is ready`; `web is not ready yet: it is waiting-health`; or how it ended. */
function waitLine(milestone: Milestone, reached: boolean, found: Result): string {
  if (found.outcome !== null || milestone === 'settled') return resultLine(found);
  return reached ? `${found.id} is ${milestone}` : `${found.id} is not ${milestone} yet: it is ${found.state}`;
}

/** How the last run ended. One that has not ended is told too, and is no success. */
export async function result(context: Context, ref: string): Promise<number> {
  using view = await openView(context);
  const found = await view.result(resolveRef(ref, await view.status()));
  tell(context, found, resultLine(found));
  return found.outcome === null ? EXIT.failed : EXIT.done;
}

function tell({ terminal, json }: Context, found: Result, line: string): void {
  if (json) terminal.printJson(found);
  else terminal.print(line);
}
