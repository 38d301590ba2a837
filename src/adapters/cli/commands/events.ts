import type { Context } from '../context.ts';
import { NobodyRuns } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { writeJsonList } from '../json-list.ts';
import { resolveRef } from '../refs.ts';
import { entryLine } from '../render/entry-line.ts';
import { openView } from '../view.ts';
import { whileRead } from '../while-read.ts';

export interface EventsOptions {
  readonly follow?: boolean;
  readonly after?: number;
}

/** The journal. As JSON it is one document, or one a line when it never ends. */
export async function events(context: Context, ref: string | undefined, options: EventsOptions): Promise<number> {
  const { terminal, json } = context;
  const { follow = false, after = 0 } = options;
  using view = await openView(context);
  const unit = ref === undefined ? {} : { unit: resolveRef(ref, await view.status()) };
  if (follow && !view.live) throw new NobodyRuns(context);
  const { live } = view;
  const open = (signal: AbortSignal) =>
    live ? live.journal({ ...unit, after, follow, signal }) : view.journal({ ...unit, after });
  if (json && !follow) return writeJsonList(context, 'events', open);
  for await (const entry of whileRead(context, open)) {
    await terminal.write(`${json ? JSON.stringify(entry) : entryLine(entry)}\n`);
  }
  return EXIT.done;
}
