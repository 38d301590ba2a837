import { expect, test } from 'vitest';
import { type Entry, type Mark, replay, seek, type Trace } from '../../src/index.ts';
import { MARKS } from '../../src/store/replay/marks.ts';
import { story } from '../support/story.ts';
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
      for (let at = seek(trace, 0, options); at !== null; at = seek(trace, at, options)) forwards.push(at);
      const backwards = { ...options, backwards: true };
      for (let at = seek(trace, trace.lastSeq + 1, backwards); at !== null; at = seek(trace, at, backwards))
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
