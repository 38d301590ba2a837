import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeBenchTrace } from '../../bench/trace-workload.ts';
import { type Entry, type Mark, replay, seek, type Trace } from '../../src/index.ts';
import { MARKS } from '../../src/store/replay/marks.ts';
import { story } from '../support/story.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { historyIn, linesOf, openedTrace, traceFile } from '../support/traces.ts';

const MARK_NAMES = Object.keys(MARKS) as readonly Mark[];

async function marked(trace: Trace, mark: Mark, unit?: string): Promise<readonly Entry[]> {
  const found: Entry[] = [];
  for await (const step of replay(trace, unit === undefined ? {} : { unit })) {
    if (MARKS[mark](step)) found.push(step.entry);
  }
  return found;
}

test('finds the same entries forwards and backwards, of all units and of one', async () => {
  const trace = await openedTrace(traceFile(linesOf(historyIn(await story({ rounds: 40 })))));
  expect(trace.entryCount).toBeGreaterThan(150);
  for (const mark of MARK_NAMES) {
    for (const unit of [undefined, 'build']) {
      const expected = (await marked(trace, mark, unit)).map(({ seq }) => seq);
      const options = { mark, ...(unit !== undefined && { unit }) };
      const [forwards, back]: [number[], number[]] = [[], []];
      for (let at = await seek(trace, 0, options); at !== null; at = await seek(trace, at, options)) forwards.push(at);
      const backwards = { ...options, backwards: true };
      for (let at = await seek(trace, trace.lastSeq + 1, backwards); at !== null; at = await seek(trace, at, backwards))
        back.push(at);
      expect({ mark, unit, seqs: forwards }).toEqual({ mark, unit, seqs: expected });
      expect(back.reverse()).toEqual(expected);
    }
  }
});

test('an error is what failed, and nothing that was asked for', async () => {
  const trace = await openedTrace(traceFile(linesOf(historyIn(await story({ rounds: 12 })))));
  const errors = await marked(trace, 'error');
  const kinds = errors.flatMap(({ commands }) =>
    commands.flatMap(({ type, params }) => (type === 'recordOutcome' ? [params.outcome.kind] : [])),
  );
  expect(new Set(kinds)).toEqual(new Set(['failed', 'timed-out']));
  expect(new Set(errors.map(({ event }) => event.type))).toEqual(new Set(['run.exited', 'probe.failed']));
});

test('a search through all of a long history lets others have their turn, and ends when it is told to', async () => {
  const path = join(temporaryDirectory(), 'trace.jsonl');
  writeBenchTrace(path, 5_000, 10);
  const trace = await openedTrace(path);
  const stop = new AbortController();
  const looked: number[] = [];
  const onProgress = (seq: number): void => {
    looked.push(seq);
    // A key, for example: nothing is heard of it before its turn comes.
    if (looked.length === 1) setImmediate(() => stop.abort());
  };
  const search = { mark: 'error', count: 1e9, onProgress } as const;
  await expect(seek(trace, 0, { ...search, signal: stop.signal })).rejects.toThrow(/abort/);
  expect(looked).toEqual([2_000]);
  expect(await seek(trace, 0, search)).toBeGreaterThan(4_000);
  expect(looked).toEqual([2_000, 2_000, 4_000]);
});
