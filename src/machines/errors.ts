import * as Data from 'effect/Data';
import type { Problem } from './vocabulary.ts';

/**
 * The shape of every error that reaches a user: `code` is the class' own name, `message` says what failed, on what and
 * why, `hint` what to do about it. Made with `Data.TaggedError`: data first, prose computed.
 */
export interface Fault extends Error {
  readonly _tag: string;
  readonly code: string;
  readonly hint: string;
}

export const isFault = (error: unknown): error is Fault =>
  error instanceof Error && '_tag' in error && 'code' in error && 'hint' in error;

/**
 * An error as data: what a journal entry, a reply or `--json` can hold. Unknown errors keep their words, not their
 * stack.
 */
export function problemOf(error: unknown): Problem {
  if (isFault(error)) return { code: error.code, message: error.message, hint: error.hint };
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'Unexpected', message, hint: 'This is a bug in reeve. Please report it with the words above.' };
}

/** Back from data, on the caller's side of a reply. */
export class Refused extends Data.TaggedError('Refused')<{ readonly problem: Problem }> {
  override get message(): string {
    return this.problem.message;
  }
  get code(): string {
    return this.problem.code;
  }
  get hint(): string {
    return this.problem.hint;
  }
}
