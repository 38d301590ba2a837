import * as Data from 'effect/Data';
import type { Divergence, Machines } from '../store/replay/verify.ts';
import { type Verification, verify } from './replay.ts';
import { openTrace } from './trace.ts';

/** A machine decides otherwise than a trace says. */
export class ReplayDiverged extends Data.TaggedError('ReplayDiverged')<{
  readonly path: string;
  readonly divergence: Divergence;
  readonly different: number;
}> {
  override get message(): string {
    const more = this.different > 1 ? ` (the first of ${this.different})` : '';
    return `${this.path} does not replay: ${this.divergence.message}${more}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return this.divergence.sameCode
      ? 'The entry was changed, or what a guard or an action means was changed under the same name.'
      : 'The machine was changed. If that is meant, keep the trace and say so where it is replayed.';
  }
}

/** What became of one trace. */
export interface ReplayedTrace {
  readonly path: string;
  /** `null`: it could not be opened. */
  readonly verification: Verification | null;
  readonly error: unknown;
}

/**
 * Verifies trace after trace, as a build does with those of its incidents; goes on after one that fails.
 *
 * **Example** (Every trace of a directory)
 *
 * ```ts
 * const failed: string[] = [];
 * for await (const { path, error } of replayAll([])) if (error) failed.push(path);
 * failed // => []
 * ```
 */
export async function* replayAll(
  paths: Iterable<string>,
  options: { readonly machines?: Machines } = {},
): AsyncGenerator<ReplayedTrace, void, undefined> {
  for (const path of paths) {
    try {
      const trace = await openTrace(path);
      try {
        const verification = await verify(trace, options);
        const { first: divergence, different } = verification;
        const error = divergence && new ReplayDiverged({ path, divergence, different });
        yield { path, verification, error };
      } finally {
        trace.close();
      }
    } catch (error) {
      yield { path, verification: null, error };
    }
  }
}

/**
 * A trace as a regression test: rejects unless every entry of it is decided again as it was recorded.
 *
 * ```ts no-run
 * import { assertReplays } from 'reeve/testing';
 * import { test } from 'vitest';
 * test('what we fixed in March stays fixed', () => assertReplays('histories/march.jsonl.gz'));
 * ```
 *
 * @throws {ReplayDiverged} And whatever `openTrace` throws.
 */
export async function assertReplays(path: string, options: { readonly machines?: Machines } = {}): Promise<void> {
  for await (const { error } of replayAll([path], options)) if (error) throw error;
}
