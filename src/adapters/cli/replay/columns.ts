/** Looks at a whole history, an entry a line: all of it, one value, an expression. */
import { type Entry, evaluate, replay, sentenceOf, type TraceRange, watch } from '../../../index.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { writeJsonList } from '../json-list.ts';
import { whileRead } from '../while-read.ts';
import type { OpenHistory } from './open-history.ts';
import { lineAt, nameOf, valueWords } from './words.ts';

/** `--list`: every entry, told. */
export const list = (context: Context, { trace }: OpenHistory, range: TraceRange): Promise<number> =>
  show(context, 'entries', {
    items: () => told(replay(trace, range)),
    line: ({ entry, sentence }) => lineAt(entry, sentence),
    json: ({ entry, sentence }) => ({ ...entry, sentence }),
  });

async function* told(steps: ReturnType<typeof replay>): AsyncGenerator<{ entry: Entry; sentence: string }> {
  for await (const { entry, before } of steps) yield { entry, sentence: sentenceOf(entry, before) };
}

/** `--watch`: every entry that changed one value, with its cause. */
export const watchValue = (
  context: Context,
  { trace }: OpenHistory,
  path: string,
  range: TraceRange,
): Promise<number> =>
  show(context, 'changes', {
    items: () => watch(trace, path, range),
    line: ({ entry, cause, before, after }) => {
      const because = cause ? ` because of ${cause.seq} (${nameOf(cause.unitId)} ${cause.event.type})` : '';
      const what = `${valueWords(before)} → ${valueWords(after)}`;
      return lineAt(entry, `${nameOf(entry.unitId)}  ${what}  by ${entry.event.type}${because}`);
    },
    json: ({ entry, cause, before, after }) => ({ entry, cause, before: before ?? null, after: after ?? null }),
  });

/** `--eval`: an expression as a column beside the history. Where it has no value, there is no line. */
export const column = (
  context: Context,
  { trace }: OpenHistory,
  expression: string,
  range: TraceRange,
): Promise<number> =>
  show(context, 'values', {
    items: () => evaluate(trace, expression, range),
    line: ({ entry, value }) => {
      if (value === undefined) return null;
      const shown = typeof value === 'string' ? value : valueWords(value);
      return lineAt(entry, `${nameOf(entry.unitId)}  ${entry.event.type}  ${shown}`);
    },
    json: ({ entry: { seq, unitId, atMs, event }, value }) => {
      return { seq, unitId, atMs, event: event.type, value: value ?? null };
    },
  });

interface Shown<Item> {
  readonly items: () => AsyncGenerator<Item, void, undefined>;
  /** `null`: there is nothing to see of it. */
  readonly line: (item: Item) => string | null;
  readonly json: (item: Item) => unknown;
}

async function show<Item>(context: Context, name: string, { items, line, json }: Shown<Item>): Promise<number> {
  if (context.json) return writeJsonList(context, name, () => mapped(items(), json));
  let isBlank = true;
  for await (const item of whileRead(context, () => items())) {
    const shown = line(item);
    if (shown === null) continue;
    await context.terminal.write(`${shown}\n`);
    isBlank = false;
  }
  if (isBlank) context.terminal.say('There is nothing of that in this history.');
  return EXIT.done;
}

async function* mapped<Item>(items: AsyncIterable<Item>, map: (item: Item) => unknown): AsyncGenerator<unknown> {
  for await (const item of items) yield map(item);
}
