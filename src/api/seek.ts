import type { UnitId } from '../machines/vocabulary.ts';
import { type FoldStep, foldSteps, type History } from '../store/replay/history.ts';
import { MARKS, type Mark } from '../store/replay/marks.ts';
import { sourceOf } from './trace.ts';
import type { Trace } from './trace-types.ts';
import { nextTurn, STEPS_PER_TURN } from './turns.ts';

export interface SeekOptions {
  /** @default 'entry' */
  readonly mark?: Mark;
  /** @default false */
  readonly backwards?: boolean;
  /** The how-manieth of them; where there are fewer, the last one that there is. @default 1 */
  readonly count?: number;
  /** Entries of this unit only. @default all */
  readonly unit?: UnitId;
  readonly signal?: AbortSignal;
  /** Called now and then with the entry that was looked at last. */
  readonly onProgress?: (seq: number) => void;
}

/** Entries that are read at once on the way back: few at first, because most searches are short. */
const PAGE_MIN = 16;
const PAGE_MAX = 4_096;

/**
 * The next entry after `seq`, or before it, at which something of a kind happens; `null`: there is none.
 *
 * A search that finds nothing reads all that there is. Whatever else happens in this process has its turn meanwhile,
 * and the signal ends it.
 *
 * **Example** (When something went wrong for the first time)
 *
 * ```ts
 * await using reeve = await openReeve({ stateDir });
 * await reeve.run(job({ id: 'build', command: ['false'] }));
 * await using trace = await openTrace(stateDir);
 * const seq = await seek(trace, 0, { mark: 'error' });
 * trace.at(seq).entry.event.type // => 'run.exited'
 * ```
 */
export async function seek(trace: Trace, seq: number, options: SeekOptions = {}): Promise<number | null> {
  const { mark = 'entry', backwards = false, count = 1, unit, signal, onProgress } = options;
  const { history } = sourceOf(trace);
  const ofUnit = unit === undefined ? {} : { unitId: unit };
  const steps = backwards ? stepsBack(history, seq - 1, ofUnit) : foldSteps(history, { fromSeq: seq + 1, ...ofUnit });
  let found: number | null = null;
  let left = count;
  let looked = 0;
  for (const step of steps) {
    if (++looked % STEPS_PER_TURN === 0) {
      onProgress?.(step.entry.seq);
      await nextTurn();
      signal?.throwIfAborted();
    }
    if (!MARKS[mark](step)) continue;
    found = step.entry.seq;
    if (--left <= 0) break;
  }
  return found;
}

function* stepsBack(
  history: History,
  throughSeq: number,
  ofUnit: { readonly unitId?: UnitId },
): Generator<FoldStep, void, undefined> {
  let page = PAGE_MIN;
  for (let last = Math.min(throughSeq, history.lastSeq); last >= history.firstSeq; ) {
    yield* [...foldSteps(history, { fromSeq: last - page + 1, throughSeq: last, ...ofUnit })].reverse();
    last -= page;
    page = Math.min(page * 4, PAGE_MAX);
  }
}
