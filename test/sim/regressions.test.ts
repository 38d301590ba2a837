/** Each was found by a seed, and shrunk. The title says what went wrong, and the seed where it was first seen. */
import { expect, test } from 'vitest';
import type { Behaviours } from '../../src/adapters/simulation/behaviour.ts';
import type { Step } from '../../src/testing/steps.ts';
import { live } from './lived.ts';
import type { UnitText } from './scenario.ts';

const aServer = (id: string, more: object = {}): UnitText => ({ id, kind: 'server', command: [id], ...more });
const aJob = (id: string, more: object = {}): UnitText => ({ id, kind: 'job', command: [id], timeout: 300, ...more });

interface Story {
  readonly units: readonly UnitText[];
  readonly steps: readonly Step[];
  readonly behaviours?: Behaviours;
}

const STORIES: Readonly<Record<string, Story>> = {
  'a machine that fails in the tick that stops everything is stopped all the same (1171)': {
    units: [aServer('a')],
    steps: [{ do: 'up' }, { wait: 20_000, do: 'bug', unit: 'a' }, { do: 'down' }],
  },
  'a machine that fails a second time, after a new run, can be ended a second time (39)': {
    units: [aServer('a')],
    steps: [
      { do: 'up' },
      { do: 'bug', unit: 'a' },
      { do: 'restart', unit: 'a' },
      { do: 'restart', unit: 'a' },
      { wait: 1_000, do: 'bug', unit: 'a' },
      { do: 'stop', unit: 'a' },
      { do: 'down' },
    ],
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
      { do: 'restart', unit: 'a' },
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
  'an end that is reported twice is one end, also where the unit waits again by then (5511)': {
    units: [aJob('a'), aJob('b', { after: { a: 'running' }, stop: { grace: 0 } })],
    steps: [
      { do: 'up' },
      { do: 'lag', ms: 900 },
      { do: 'stop', unit: 'b' },
      { do: 'start', unit: 'b' },
      { wait: 5_000, do: 'down' },
    ],
  },
};

test.each(Object.entries(STORIES))('%s', async (_title, { units, steps, behaviours = {} }) => {
  const { faults } = await live({ units, steps, behaviours, groups: {}, pidsMax: 1_000, onFile: false });
  expect(faults).toEqual([]);
});
