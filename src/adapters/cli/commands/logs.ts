import type { OutputQuery } from '../../../index.ts';
import type { Context } from '../context.ts';
import { BadUsage, NobodyRuns } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { resolveRef } from '../refs.ts';
import { openView } from '../view.ts';
import { whileRead } from '../while-read.ts';

export interface LogsOptions {
  readonly follow?: boolean;
  readonly head?: number;
  readonly tail?: number;
  readonly grep?: string;
  readonly maxBytes?: number;
  readonly run?: string;
}

/** What a run has printed and, with `follow`, what it goes on to print. */
export async function logs(context: Context, ref: string, options: LogsOptions): Promise<number> {
  const { terminal, json } = context;
  const query = queryOf(options);
  using view = await openView(context);
  const id = resolveRef(ref, await view.status());
  const slice = await view.output(id, query);
  if (json) {
    terminal.printJson(slice);
    return EXIT.done;
  }
  await terminal.write(slice.text);
  if (slice.truncated) terminal.say(`(cut: ${slice.sizeBytes} bytes were printed in all; --max-bytes sets the limit)`);
  if (!options.follow) return EXIT.done;
  if (!view.live) throw new NobodyRuns(context);
  const runId = options.run === undefined ? {} : { runId: options.run };
  const { live } = view;
  const from = slice.sizeBytes;
  const texts = whileRead(context, (signal) => live.follow(id, { ...runId, from, signal }));
  for await (const text of texts) await terminal.write(text);
  return EXIT.done;
}

function queryOf(options: LogsOptions): Partial<OutputQuery> & { readonly runId?: string } {
  const { head, tail, grep, maxBytes, run, follow } = options;
  if ([head, tail, grep].filter((given) => given !== undefined).length > 1) {
    throw new BadUsage({ what: '--head, --tail and --grep exclude each other.', hint: 'Give one of them.' });
  }
  if (follow && (head !== undefined || grep !== undefined)) {
    throw new BadUsage({ what: '-f goes on at the end, --head and --grep do not.', hint: 'Use --tail with -f.' });
  }
  return {
    mode: grep !== undefined ? 'grep' : head !== undefined ? 'head' : tail !== undefined ? 'tail' : 'full',
    ...((head ?? tail) !== undefined && { lines: (head ?? tail)! }),
    ...(grep !== undefined && { pattern: grep }),
    ...(maxBytes !== undefined && { maxBytes }),
    ...(run !== undefined && { runId: run }),
  };
}
