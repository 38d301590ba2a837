import type { Json } from '../machines/vocabulary.ts';
import { printState } from '../store/replay/sentences.ts';
import type { Entry } from '../store/rows.ts';
import { parseExpression } from './expression.ts';
import { replay } from './replay.ts';
import type { Trace, TraceRange } from './trace-types.ts';

/** The value of an expression at an entry. `undefined`: it has none there. */
export interface Evaluated {
  readonly entry: Entry;
  readonly value: Json | undefined;
}

/**
 * Evaluates a JSONata expression at every entry of a history: a column beside it.
 *
 * It sees `entry`, `event`, `state` (`"running.healthy"`), `value`, `context`, `timers` and `pending`, as they are
 * after the entry, and `before`, with the same of the moment before.
 *
 * @throws {BadExpression} It means nothing, or came to no end.
 */
export async function* evaluate(
  trace: Trace,
  expression: string,
  range: TraceRange = {},
): AsyncGenerator<Evaluated, void, undefined> {
  const compute = await parseExpression(expression);
  for await (const { entry, before, after } of replay(trace, range)) {
    yield { entry, value: await compute({ entry, event: entry.event, ...seenOf(after), before: seenOf(before) }) };
  }
}

function seenOf(moment: { readonly value: Entry['value']; readonly context: object } | null): object {
  return moment === null ? {} : { ...moment, state: printState(moment.value) };
}
