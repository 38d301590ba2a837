import { resolve } from 'node:path';
import {
  type ExportFilter,
  exportTrace,
  importTrace,
  isFault,
  keptTraces,
  type Trace,
  traceJsonSchema,
  writeTrace,
} from '../../../index.ts';
import type { Context } from '../context.ts';
import { BadUsage } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { openHistory, unitIn } from '../replay/open-history.ts';
import { rangeIn, seqAt } from '../replay/when.ts';
import { whileRead } from '../while-read.ts';

export interface ExportCommandOptions {
  readonly output?: string;
  readonly of?: string;
  readonly from?: string;
  readonly to?: string;
  readonly around?: string;
  readonly entries?: number;
  readonly outputBytes?: number;
  readonly redact?: readonly string[];
}

/** A piece of a history, or all of it, as a trace: into a file, or to stdout. */
export async function exportHistory(
  context: Context,
  refs: readonly string[],
  options: ExportCommandOptions,
): Promise<number> {
  const { terminal, json, cwd, interrupts } = context;
  const { output } = options;
  if (json && output === undefined) {
    throw new BadUsage({ what: 'A trace is many lines, and no JSON document.', hint: 'Name a file for it with -o.' });
  }
  using history = await openHistory(context, options.of, {});
  const filter = filterOf(history.trace, refs, options);
  if (output === undefined) {
    const lines = whileRead(context, (signal) => exportTrace(history.trace, { ...filter, signal }));
    for await (const line of lines) await terminal.write(line);
    return EXIT.done;
  }
  const path = resolve(cwd, output);
  await writeTrace(history.trace, path, { ...filter, signal: interrupts.signal }).catch((error: unknown) => {
    throw isFault(error) ? error : notWritten(path, error);
  });
  using written = await openHistory(context, path, {});
  const { entryCount, firstSeq, lastSeq } = written.trace;
  if (json) terminal.printJson({ path, entries: entryCount, firstSeq, lastSeq });
  else terminal.print(`${path}: ${entryCount} entries, ${firstSeq} to ${lastSeq}`);
  return EXIT.done;
}

function filterOf(trace: Trace, refs: readonly string[], options: ExportCommandOptions): ExportFilter {
  const { around, entries, outputBytes, redact = [] } = options;
  const patterns = redact.map(patternOf);
  return {
    ...rangeIn(trace, { from: options.from, to: options.to }),
    ...(refs.length > 0 && { units: refs.map((ref) => unitIn(trace, ref)) }),
    ...(around !== undefined && { around: { seq: seqAt(trace, around), ...(entries !== undefined && { entries }) } }),
    ...(outputBytes !== undefined && { outputBytes }),
    redact: (text) => patterns.reduce((left, pattern) => left.replaceAll(pattern, '[redacted]'), text),
  };
}

function patternOf(source: string): RegExp {
  try {
    return new RegExp(source, 'g');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new BadUsage({ what: `--redact: ${why}.`, hint: 'Write a regular expression of JavaScript.' });
  }
}

function notWritten(path: string, error: unknown): BadUsage {
  const { code, message } = error as NodeJS.ErrnoException;
  const why = WHY_NOT[code ?? ''] ?? message;
  return new BadUsage({
    what: `Cannot write ${path}: ${why}.`,
    hint: 'Name a place of your own, where there is room for it.',
  });
}

const WHY_NOT: Readonly<Record<string, string>> = {
  EEXIST: 'it is there already, and nothing is overwritten',
  ENOENT: 'its directory is not there',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of its path is no directory',
  EROFS: 'the file system can only be read',
  ENOSPC: 'the disk is full',
};

/** Takes a trace file in, so that it is at hand by its name. Nothing of it is ever run. */
export async function importFile({ terminal, json, cwd, stateDir }: Context, file: string): Promise<number> {
  const kept = await importTrace(resolve(cwd, file), stateDir).catch((error: unknown) => {
    throw isFault(error) ? error : notWritten(stateDir, error);
  });
  if (json) terminal.printJson(kept);
  else {
    terminal.print(kept.name);
    terminal.say(`Look at it with \`reeve replay ${kept.name}\`.`);
  }
  return EXIT.done;
}

/** The traces that were taken in. */
export async function listKept({ terminal, json, stateDir }: Context): Promise<number> {
  const traces = keptTraces(stateDir);
  if (json) terminal.printJson({ traces });
  else for (const { name } of traces) terminal.print(name);
  if (traces.length === 0) terminal.say('There are none: `reeve trace import` takes one in.');
  return EXIT.done;
}

/** What a line of a trace looks like, for other programs. */
export async function printSchema({ terminal }: Context): Promise<number> {
  terminal.printJson(traceJsonSchema());
  return EXIT.done;
}
