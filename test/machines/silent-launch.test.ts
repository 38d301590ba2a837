import { describe, expect, test } from 'vitest';
import type { UnitEventBody } from '../../src/machines/events.ts';
import { aServer } from '../support/specs.ts';
import { walk } from '../support/walk.ts';

/** Five seconds to stop, and never restarted by policy: what is launched again here is so for other reasons. */
const SPEC = aServer('api', { restart: 'never', stop: { grace: '5s' } });
const GRACE_MS = 5_000;

const generation = 1;
const handle = { pid: 7, identity: null };
const start = { type: 'start.requested', requestId: 's', by: 'user' } as const;
const stop = { type: 'stop.requested', requestId: 'x', by: 'user' } as const;
const claimed = { type: 'run.claimed', generation, detail: 'it sleeps' } as const;
const revoked = { type: 'run.revoked', generation } as const;
const launched = { type: 'run.launched', generation, handle, startedMs: 1, adopted: false } as const;
const late = { type: 'timer.launch' } as const;

/** Where these events lead, and what the last one of them has done. */
function walked(...events: readonly UnitEventBody[]) {
  const { value, context, commands } = walk(SPEC, events);
  const last = commands.at(-1) ?? [];
  const { outcome, why } = context;
  return {
    value,
    does: last.flatMap(({ type }) => (type === 'cancelTimer' ? [] : type)),
    waits: last.flatMap((command) => (command.type === 'startTimer' ? [command.params] : [])),
    outcome: outcome && [outcome.kind, outcome.by, outcome.detail],
    why,
  };
}

describe('a launch that nobody claims', () => {
  test('is taken back when it takes too long', () => {
    expect(walked(start, late)).toMatchObject({ value: { spawning: 'revoking' }, does: ['revoke', 'startTimer'] });
  });

  test('is a failure then, which is tried again after a backoff and not at once', () => {
    expect(walked(start, late, revoked)).toMatchObject({
      value: { reaped: 'backoff' },
      does: ['recordOutcome', 'startTimer'],
      outcome: ['launch-failed', null, 'its launcher did not begin in time'],
      why: 'its launcher did not begin in time',
    });
  });

  test('is nobody’s failure where whoever ordered it died: it is launched again at once', () => {
    expect(walked(start, revoked)).toMatchObject({
      value: { spawning: 'launching' },
      does: ['recordOutcome', 'launch', 'startTimer'],
      outcome: null,
    });
  });

  test('is taken back within the grace when it is not wanted any more, and that answers the stop', () => {
    expect(walked(start, stop).waits).toEqual([{ timer: 'launch', ms: GRACE_MS, restore: 'restart' }]);
    expect(walked(start, stop, late, revoked)).toMatchObject({
      value: { reaped: 'settled' },
      does: ['recordOutcome', 'reply'],
      outcome: ['stopped', 'user', 'while it was starting'],
    });
  });

  test('is not waited for longer because it is asked to stop again and again', () => {
    expect(walked(start, stop, stop).waits).toEqual([]);
    expect(walked(start, stop, { ...stop, type: 'terminate.requested' }).waits).toEqual([]);
  });
});

describe('a launch that was claimed, and says nothing', () => {
  const silent = [start, late, claimed] as const;

  test('says why, and is waited for once more, not for ever', () => {
    expect(walked(...silent)).toMatchObject({ value: { spawning: 'revoking' }, why: 'it sleeps', waits: [] });
    expect(walked(...silent, late)).toMatchObject({
      value: { stopping: 'abandoning' },
      does: ['endRun', 'startTimer'],
    });
  });

  test('goes on as if nothing had been when it speaks in time', () => {
    expect(walked(...silent, launched)).toMatchObject({ value: 'waiting-health', outcome: null });
  });

  test.each([
    ['it never ran', revoked],
    ['its launcher was killed', { type: 'run.launch-failed', generation, resource: true, problem: never() }],
    ['nobody can see whether it was', { type: 'timer.kill' }],
  ] as const)('is given up when %s, swept after, and tried again later', (_words, end) => {
    expect(walked(...silent, late, end)).toMatchObject({
      value: { stopping: { sweeping: 'terminating' } },
      does: ['recordOutcome', 'sweep', 'startTimer'],
      outcome: ['launch-failed', null, 'it sleeps'],
    });
    expect(walked(...silent, late, end, { type: 'run.swept', generation, survivors: [] })).toMatchObject({
      value: { reaped: 'backoff' },
      why: 'it sleeps',
    });
  });

  test('is given up at once when its grace is over and nobody wants it any more', () => {
    expect(walked(start, stop, late, claimed)).toMatchObject({
      value: { stopping: 'abandoning' },
      does: ['endRun', 'startTimer'],
    });
    const swept = { type: 'run.swept', generation, survivors: [] } as const;
    expect(walked(start, stop, late, claimed, { type: 'timer.kill' }, swept)).toMatchObject({
      value: { reaped: 'settled' },
      does: ['reply'],
      outcome: ['stopped', 'user', 'while it was starting'],
    });
  });

  test('is killed like any other when it speaks too late', () => {
    expect(walked(...silent, late, launched)).toMatchObject({
      value: { stopping: 'killing' },
      does: ['endRun', 'startTimer'],
    });
  });

  test('is swept once more when it speaks after it was given up', () => {
    expect(walked(...silent, late, { type: 'timer.kill' }, launched).does).toEqual(['sweep', 'startTimer']);
    const swept = { type: 'run.swept', generation, survivors: [] } as const;
    expect(walked(...silent, late, { type: 'timer.kill' }, swept, launched).does).toEqual(['sweep']);
  });

  test('is found so by the next orchestrator, and has an end there as well', () => {
    expect(walked(start, claimed)).toMatchObject({ value: { spawning: 'adopting' }, does: ['attach', 'startTimer'] });
    expect(walked(start, claimed, late)).toMatchObject({ value: { stopping: 'abandoning' } });
    expect(walked(start, claimed, late, claimed)).toMatchObject({
      value: { stopping: 'abandoning' },
      does: ['attach', 'endRun'],
    });
  });
});

function never() {
  return { code: 'LaunchRefused', message: 'Cannot start it.', hint: '' };
}
