/** Each was found by a seed, and shrunk. The title says what went wrong, and the seed where it was first seen. */
import { expect, test } from 'vitest';
import type { Behaviours } from '../../src/adapters/simulation/behaviour.ts';
import { decodeUnit } from '../../src/machines/spec.ts';
import type { Entry } from '../../src/store/rows.ts';
import { simulate } from '../../src/testing/simulate.ts';
import type { Step } from '../../src/testing/steps.ts';
import { type Lived, live } from './lived.ts';
import type { UnitText } from './scenario.ts';

const aServer = (id: string, more: object = {}): UnitText => ({ id, kind: 'server', command: [id], ...more });

interface Story {
  readonly units: readonly UnitText[];
  readonly steps: readonly Step[];
  readonly behaviours?: Behaviours;
  /** @default 20_000 */
  readonly withinMs?: number;
}

const STORIES: Readonly<Record<string, Story>> = {
  'a machine that fails in the tick that stops everything is stopped all the same (1171)': {
    units: [aServer('a')],
    steps: [{ do: 'up' }, { wait: 31_000, do: 'bug', unit: 'a' }, { do: 'down' }],
  },
  'a unit that is quarantined while it waits keeps nobody from stopping everything (109)': {
    units: [aServer('a'), aServer('b', { after: { a: 'finished' } })],
    steps: [{ do: 'start', unit: 'b' }, { do: 'bug', unit: 'b' }, { do: 'down' }],
  },
  'a unit that is quarantined while it stops is told again when everything stops (3334)': {
    units: [aServer('a', { stop: { ask: { exec: ['ask'] }, grace: 5_000 } })],
    steps: [
      { do: 'up' },
      { do: 'stop', unit: 'a' },
      { do: 'bug', unit: 'a' },
      { do: 'up' },
      { wait: 9_000, do: 'down' },
    ],
  },
  'a unit that begins again while nothing can be written ends its run once (101)': {
    units: [aServer('a')],
    steps: [
      { do: 'up' },
      { do: 'disk', full: true },
      { do: 'stop', unit: 'a' },
      { do: 'bug', unit: 'a' },
      { do: 'stop', unit: 'a' },
      { do: 'stop', unit: 'a' },
    ],
  },
  'a unit that begins again in a launch has a deadline for it, whoever does not answer (3061)': {
    units: [aServer('a')],
    steps: [
      { do: 'fault', call: 'sight', how: 'never-answers' },
      { do: 'fault', call: 'launch', how: 'never-answers' },
      { do: 'up' },
      { do: 'bug', unit: 'a' },
      { do: 'terminate', unit: 'a' },
      { do: 'stop', unit: 'a' },
      { wait: 30_000, do: 'up' },
    ],
  },
  'a unit that begins again while it is stopped did not crash by the signal it was sent (5331)': {
    units: [aServer('a')],
    steps: [
      { do: 'lag', ms: 30 },
      { do: 'start', unit: 'a' },
      { wait: 1_000, do: 'terminate', unit: 'a' },
      { do: 'bug', unit: 'a' },
      { do: 'stop', unit: 'a' },
      { do: 'stop', unit: 'a' },
    ],
  },
  'a driver that has launched, and throws then, leaves no process that nobody knows (1189, 1320)': {
    units: [aServer('a')],
    behaviours: { a: [{ launch: { afterMs: 50 } }, {}] },
    steps: [
      { do: 'fault', call: 'launch', how: 'throws-late', times: 2 },
      { do: 'start', unit: 'a' },
      { wait: 1_000, do: 'restart', unit: 'a' },
      { wait: 100, do: 'stop', unit: 'a' },
    ],
  },
  'a driver that never answers does not keep an orchestrator from closing (201)': {
    units: [aServer('a')],
    steps: [{ do: 'fault', call: 'launch', how: 'never-answers' }, { do: 'up' }, { do: 'leave', downMs: 0 }],
  },
  'a watcher whose end was told while nobody believed it can still be ended (6634)': {
    units: [aServer('a'), { id: 'w', kind: 'watcher', files: ['*.ts'], then: { restart: ['a'] } }],
    steps: [
      { do: 'fault', call: 'endRun', how: 'slow' },
      { do: 'up' },
      { do: 'terminate', unit: 'w' },
      { do: 'bug', unit: 'w' },
      { do: 'start', unit: 'w' },
      { wait: 5_000, do: 'down' },
    ],
  },
  'a timer that is armed again because it was lost believes no wall clock that was set (8628)': {
    units: ['a', 'b'].map((id) => ({ id, kind: 'job', command: [id], timeout: 300, stop: { grace: 0 } })),
    steps: [
      { do: 'up' },
      { do: 'bug', unit: 'a' },
      { do: 'crash', after: 3, downMs: 0, code: 'same' },
      { do: 'jump', ms: 5_000 },
      { do: 'up' },
      { do: 'stop', unit: 'a' },
    ],
  },
  'an end that is reported twice is one end, also where the unit waits again by then (5511)': {
    units: [aServer('a'), aServer('b', { after: { a: 'running' }, keepDescendants: true })],
    steps: [
      { do: 'up' },
      { do: 'stop', unit: 'a' },
      { do: 'fault', call: 'report', how: 'twice', times: 4 },
      { do: 'restart', unit: 'b' },
      { wait: 5_000, do: 'down' },
    ],
  },
};

/** Whoever is healed in the end could have been told at once. */
const ANSWERED_WITHIN_MS = 20_000;

test.each(Object.entries(STORIES))('%s', async (_title, { units, steps, behaviours = {}, withinMs }) => {
  const lived = await live({ units, steps, behaviours, groups: {}, pidsMax: 1_000, onFile: false });
  expect(lived.faults).toEqual([]);
  expect(slowestAnswerMs(lived)).toBeLessThanOrEqual(withinMs ?? ANSWERED_WITHIN_MS);
});

function slowestAnswerMs({ journal }: Lived): number {
  const entries = journal.split('\n').map((line): Entry => JSON.parse(line));
  const askedMs = new Map(
    entries.flatMap(({ event, atMs }) => ('requestId' in event ? [[event.requestId, atMs]] : [])),
  );
  const waitedMs = entries.flatMap(({ commands, atMs }) =>
    commands.flatMap((command) =>
      command.type === 'reply' ? atMs - (askedMs.get(command.params.requestId) ?? atMs) : [],
    ),
  );
  return Math.max(0, ...waitedMs);
}

test('a machine that fails a second time, after a new run, can be ended a second time (39)', async () => {
  const { asked, outcomes } = await simulate({
    units: [decodeUnit(aServer('a'))],
    steps: [
      { do: 'up' },
      { do: 'bug', unit: 'a' },
      // The first one meets the fault.
      { do: 'start', unit: 'a' },
      { do: 'restart', unit: 'a' },
      { wait: 1_000, do: 'bug', unit: 'a' },
      { do: 'start', unit: 'a' },
      { do: 'stop', unit: 'a' },
    ],
  });
  expect([asked.map(({ answer }) => answer), outcomes('a')]).toEqual([
    ['done', 'Quarantined', 'done', 'Quarantined', 'done'],
    ['stopped', 'stopped'],
  ]);
});
