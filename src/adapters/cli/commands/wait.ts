import type { Milestone, Result } from '../../../index.ts';
import type { Context } from '../context.ts';
import { NobodyRuns } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { resolveRef } from '../refs.ts';
import { resultLine } from '../render/result-line.ts';
import { openView } from '../view.ts';
import { idsOf } from './status.ts';

export interface WaitOptions {
  readonly for?: Milestone;
  readonly maxWait?: number;
}

/** Waits for the end of a unit, or for a state. How it ended is the answer, and no failure of the wait. */
export async function wait(context: Context, ref: string, options: WaitOptions): Promise<number> {
  using view = await openView(context);
  const id = resolveRef(ref, idsOf(await view.status()));
  if (!view.live) {
    const recorded = await view.result(id);
    if (recorded.outcome === null) throw new NobodyRuns(context);
    return tell(context, recorded);
  }
  const { reached, result: found } = await view.live.wait(id, {
    ...(options.for !== undefined && { for: options.for }),
    ...(options.maxWait !== undefined && { maxWaitMs: options.maxWait }),
  });
  tell(context, found);
  return reached ? EXIT.done : EXIT.stillRunning;
}

/** How the last run ended. One that has not ended is told too, and is no success. */
export async function result(context: Context, ref: string): Promise<number> {
  using view = await openView(context);
  const found = await view.result(resolveRef(ref, idsOf(await view.status())));
  tell(context, found);
  return found.outcome === null ? EXIT.failed : EXIT.done;
}

function tell({ terminal, json }: Context, found: Result): number {
  if (json) terminal.printJson(found);
  else terminal.print(resultLine(found));
  return EXIT.done;
}
