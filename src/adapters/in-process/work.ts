import type { Clock, DriverCall, Log } from '../../actors/ports.ts';
import type { ExitReport, RunId } from '../../machines/vocabulary.ts';
import type { JobContext } from './function.ts';
import type { GivenFunction } from './functions.ts';
import { keptValue } from './result-value.ts';
import { ownStrays } from './stray-rejections.ts';
import { wordsOf } from './words.ts';

/** What a run has told last, for people. */
export interface Activity {
  /** By the wall. */
  readonly atMs: number;
  readonly text: string;
}

/** A function at work. */
export interface Work {
  readonly runId: RunId;
  /** Nothing that it does counts any more. */
  readonly isGivenUp: boolean;
  /** Resolves with how it ended; never rejects. */
  begin(): Promise<ExitReport>;
  abort(reason: Error): void;
  giveUp(): void;
  /** `null`: it has told nothing yet, or does not count. */
  activity(): Activity | null;
}

export interface WorkOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly beat: (runId: RunId, text: string) => void;
}

/** A run that tells of its progress all the time is known to work all the same if it is heard so often. */
const BEAT_EVERY_MS = 100;

export function workOn(call: DriverCall, { run, within }: GivenFunction, options: WorkOptions): Work {
  const { clock, log, beat } = options;
  const { unitId: unit, runId, generation } = call.run;
  const aborting = new AbortController();
  let isGivenUp = false;
  let isOver = false;
  /** The first promise that it left to nobody. */
  let stray: { readonly reason: unknown } | null = null;
  let told: { readonly atMs: number; readonly what: unknown } | null = null;
  let beatenMs = Number.NEGATIVE_INFINITY;

  const context: JobContext = Object.freeze({
    signal: aborting.signal,
    attempt: call.attempt ?? 1,
    progress(what: unknown): void {
      if (isOver || isGivenUp) return;
      told = { atMs: clock.wallMs(), what };
      if (clock.monoMs() - beatenMs < BEAT_EVERY_MS) return;
      beatenMs = clock.monoMs();
      beat(runId, wordsOf(what));
    },
  });

  function onStray(reason: unknown): void {
    log.error({ unit, generation, cause: reason }, `nobody waited for a promise of it: ${wordsOf(reason)}`);
    stray ??= { reason };
  }

  function failed(thrown: unknown, words: string): ExitReport {
    // Whoever is told to end may say so by throwing.
    const isAnswer = aborting.signal.aborted && thrown === aborting.signal.reason;
    if (!isAnswer) log.warn({ unit, generation, cause: thrown }, `its function failed: ${words}`);
    return { ...ended(1), threw: words };
  }

  const ended = (code: number): ExitReport => {
    isOver = true;
    return { code, signal: null, rawStatus: null, certain: true, endedMs: clock.wallMs() };
  };

  return {
    runId,
    get isGivenUp() {
      return isGivenUp;
    },
    async begin() {
      try {
        const value = await within(() => ownStrays(onStray, async () => run(context)));
        const left = stray;
        if (left !== null) return failed(left.reason, `a promise that it did not wait for: ${wordsOf(left.reason)}`);
        return { ...ended(0), returned: keptValue(value) };
      } catch (error) {
        return failed(error, wordsOf(error));
      }
    },
    // Whoever listens rejects promises there and then: whose they are is told by where that happens.
    abort: (reason) => within(() => ownStrays(onStray, () => aborting.abort(reason))),
    giveUp() {
      isGivenUp = true;
    },
    activity: () => (told === null || isOver || isGivenUp ? null : { atMs: told.atMs, text: wordsOf(told.what) }),
  };
}
