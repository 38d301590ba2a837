import { openSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { EVENT_SCHEMA } from '../../../src/machines/events.ts';
import { foldSteps } from '../../../src/store/replay/history.ts';
import { traceOf } from '../../../src/store/replay/trace-file.ts';
import { completed, type Upcasters, upcast } from '../../../src/store/replay/upcast.ts';
import { Verifier } from '../../../src/store/replay/verify.ts';
import { story } from '../../support/story.ts';
import { historyIn, linesOf, traceFile } from '../../support/traces.ts';

test('a trace of an older schema is read in the words of today, and verified', async () => {
  const history = historyIn(await story({ rounds: 10 }));
  // As schema 0 would have said it, had there been one: the name of an event, and of one of its keys, was another.
  const older = linesOf({ ...bound(history), header: { ...history.header, eventSchema: 0 } }).map((line) =>
    line.replaceAll('"type":"start.requested","requestId":', '"type":"start.wanted","askId":'),
  );
  const footer = { end: { ...JSON.parse(older.at(-1)!).end, sha256: '' } };
  const upcasters: Upcasters = {
    0: ({ askId, ...event }) =>
      event.type === 'start.wanted'
        ? { type: 'start.requested', requestId: askId ?? null, by: event.by ?? '' }
        : { ...event, type: event.type },
  };
  const path = traceFile([...older.slice(0, -1), `${JSON.stringify(footer)}\n`]);
  const file = traceOf(openSync(path, 'r'), { path, allowDamaged: true, upcasters });
  onTestFinished(() => file.close());
  expect([...file.entries()].map(({ event }) => event)).toEqual([...history.entries()].map(({ event }) => event));
  const verifier = new Verifier(file);
  expect(new Set([...foldSteps(file)].map((step) => verifier.check(step).is))).toEqual(new Set(['same']));
});

test('events of today are left alone, and those of yesterday go through every step between', () => {
  const entry = { seq: 1, event: { type: 'a' }, commands: [] } as never;
  const chain: Upcasters = { 1: () => ({ type: 'b' }), 3: (event) => ({ ...event, last: true }) };
  expect(upcast(entry, EVENT_SCHEMA)).toBe(entry);
  expect(upcast(entry, 1, chain, 4)).toMatchObject({ event: { type: 'b', last: true } });
  expect(upcast(entry, 2, chain, 3)).toMatchObject({ event: { type: 'a' } });
});

test('a context that was recorded before a key was kept begins with what a new unit has there', () => {
  const whole = { id: 'a', restarts: 0 };
  expect(completed(whole, { id: '', restarts: 0 })).toBe(whole);
  expect(completed({ id: 'a' }, { id: '', restarts: 0 })).toEqual({ id: 'a', restarts: 0 });
});

/** A history whose parts may be laid aside each. */
const bound = (history: ReturnType<typeof historyIn>) => ({
  header: history.header,
  unitIds: history.unitIds,
  entryCount: history.entryCount,
  firstSeq: history.firstSeq,
  lastSeq: history.lastSeq,
  faults: [],
  entries: history.entries.bind(history),
  entry: history.entry.bind(history),
  seqThrough: history.seqThrough.bind(history),
  seqAt: history.seqAt.bind(history),
  base: history.base.bind(history),
  outputs: () => [],
  close() {},
});
