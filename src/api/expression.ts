import * as Data from 'effect/Data';
import type { Json } from '../machines/vocabulary.ts';

/** An expression that means nothing, or came to no end. */
export class BadExpression extends Data.TaggedError('BadExpression')<{
  readonly expression: string;
  readonly reason: string;
}> {
  override get message(): string {
    return `Cannot evaluate ${JSON.stringify(this.expression)}: ${this.reason.replace(/\.$/, '')}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return 'It is JSONata, over entry, event, state, value, context, timers, pending and before: "context.restarts".';
  }
}

/** Computes one value; `undefined`: it is none. */
export type Evaluate = (input: object) => Promise<Json | undefined>;

/** One evaluation may take no longer, and nest no deeper: the language can loop. */
const LIMITS = { timeout: 1_000, stack: 200, sequence: 100_000 };

/**
 * Understands a JSONata expression. It sees what it is given and nothing else, and has no effects.
 *
 * Loaded when it is needed: few programs that orchestrate ever evaluate anything.
 *
 * @throws {BadExpression}
 */
export async function parseExpression(expression: string): Promise<Evaluate> {
  const { default: jsonata } = await import('jsonata');
  try {
    const parsed = jsonata(expression, LIMITS);
    return async (input) => {
      try {
        const value: unknown = await parsed.evaluate(input);
        // Its sequences carry marks of their own, and a function is nothing that can be shown.
        return value === undefined || typeof value === 'function' ? undefined : JSON.parse(JSON.stringify(value));
      } catch (error) {
        throw new BadExpression({ expression, reason: reasonOf(error) });
      }
    };
  } catch (error) {
    throw new BadExpression({ expression, reason: reasonOf(error) });
  }
}

function reasonOf(error: unknown): string {
  const { message = String(error), position } = error as { readonly message?: string; readonly position?: number };
  return position === undefined ? message : `${message} (at character ${position})`;
}
