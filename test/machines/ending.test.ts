import { describe, expect, test } from 'vitest';
import type { Request, UnitEventBody } from '../../src/machines/events.ts';
import type { UnitSpec } from '../../src/machines/spec.ts';
import { aJob, aServer } from '../support/specs.ts';
import { walk } from '../support/walk.ts';

const handle = { pid: 7, identity: null };
const exit = { code: 1, signal: null, rawStatus: 1, certain: true, endedMs: 1 };
const launched = (generation = 1): UnitEventBody => ({
  type: 'run.launched',
  generation,
  handle,
  startedMs: 1,
  adopted: false,
});
const ready = (generation = 1): UnitEventBody => ({ type: 'probe.passed', generation, probe: 'ready' });
const exited: UnitEventBody = { type: 'run.exited', generation: 1, exit };
const swept: UnitEventBody = { type: 'run.swept', generation: 1, survivors: [] };
const ask = (what: string, requestId: string): UnitEventBody => {
  const type = `${what}.requested` as Request['type'];
  return { type, requestId, by: 'user' };
};
const up: readonly UnitEventBody[] = [ask('start', 'first'), launched(), ready()];
const sick: UnitEventBody = { type: 'probe.exhausted', generation: 1, probe: 'alive', detail: 'refused' };
const asked: UnitEventBody = { type: 'timer.ask' };
const graceIsOver: UnitEventBody = { type: 'timer.grace' };
const sweepIsOver: UnitEventBody = { type: 'timer.sweep' };

/** Each state in which a run ends that nobody has asked to end: the way there, and what ends it. */
const ENDINGS: Record<string, readonly [there: readonly UnitEventBody[], end: readonly UnitEventBody[]]> = {
  asking: [
    [...up, sick],
    [exited, swept],
  ],
  terminating: [
    [...up, sick, asked],
    [exited, swept],
  ],
  killing: [
    [...up, sick, asked, graceIsOver],
    [exited, swept],
  ],
  abandoning: [
    [ask('start', 'first'), { type: 'run.claimed', generation: 1 }, { type: 'timer.launch' }],
    [{ type: 'timer.kill' }, swept],
  ],
  'sweeping.terminating': [[...up, sick, exited], [swept]],
  'sweeping.killing': [[...up, sick, exited, sweepIsOver], [swept]],
};

/** Why it ends. Each is over by `exited` and `swept`. */
const CAUSES: Record<string, readonly [UnitSpec['kind'], readonly UnitEventBody[]]> = {
  'it is not ready in time': ['server', [ask('start', 'first'), launched(), { type: 'timer.start' }]],
  'it is idle, and shall stop then': ['server', [...up, { type: 'activity.ceased', generation: 1, sinceMs: 1 }]],
  'a watcher advised it': ['server', [...up, { type: 'restart.advised', by: 'watcher:w' }]],
  'its restart was asked for': ['server', [...up, ask('restart', 'second')]],
  'its stop was asked for': ['server', [...up, ask('stop', 'second')]],
  'it takes longer than its timeout': ['job', [ask('start', 'first'), launched(), { type: 'timer.run' }]],
};

const stop = { ask: { exec: ['drain'] }, signal: 'SIGTERM', grace: 1_000 };
const idle = { after: 1_000, then: 'stop', activity: ['output'] };
const specFor = (kind: UnitSpec['kind'], when: 'never' | 'always'): UnitSpec => {
  const spec = kind === 'job' ? aJob('unit', { timeout: '1s' }) : aServer('unit', { restart: when });
  return { ...spec, stop, idle } as UnitSpec;
};

/** What it is after all this, and how often each request was answered, with what. */
function outcomeOf(spec: UnitSpec, events: readonly UnitEventBody[]) {
  const { value, context, commands } = walk(spec, events);
  const answers: Record<string, readonly string[]> = {};
  for (const command of commands.flat()) {
    if (command.type !== 'reply') continue;
    const { requestId, problem } = command.params;
    answers[requestId] = [...(answers[requestId] ?? []), problem?.code ?? 'done'];
  }
  return { value, generation: context.generation, answers };
}

const isForgotten = (spec: UnitSpec, events: readonly UnitEventBody[]): boolean =>
  walk(spec, events)
    .commands.flat()
    .some(({ type }) => type === 'forgetUnit');

const SUBSTATES = Object.entries(ENDINGS).flatMap(([substate, [there, end]]) =>
  (['never', 'always'] as const).map((when) => ({ substate, when, there, end, spec: specFor('server', when) })),
);

describe.each(SUBSTATES)('while it is $substate, and policy says $when', ({ substate, there, end, spec }) => {
  test('it is there', () => {
    const [head = '', inner] = substate.split('.');
    expect(walk(spec, there).value).toEqual({ stopping: inner ? { [head]: inner } : head });
  });

  test.each(['start', 'restart'])('a %s is answered once, when the next run is up', (what) => {
    const events = [...there, ask(what, 'x'), ...end];
    expect(outcomeOf(spec, events)).toMatchObject({ value: { spawning: 'launching' }, generation: 2 });
    expect(outcomeOf(spec, events).answers).not.toHaveProperty('x');
    expect(outcomeOf(spec, [...events, launched(2), ready(2)])).toEqual({
      value: { running: 'healthy' },
      generation: 2,
      answers: { first: ['done'], x: ['done'] },
    });
  });

  test('a stop is answered once, when it is at rest', () => {
    const before = outcomeOf(spec, [...there, ask('stop', 'x')]).answers;
    expect(before).not.toHaveProperty('x');
    expect(outcomeOf(spec, [...there, ask('stop', 'x'), ...end])).toMatchObject({
      value: { reaped: 'settled' },
      generation: 1,
      answers: { x: ['done'] },
    });
  });

  test('a terminate is answered once, when it is forgotten', () => {
    const events = [...there, ask('terminate', 'x'), ...end];
    expect(outcomeOf(spec, events)).toMatchObject({ value: { reaped: 'settled' }, answers: { x: ['done'] } });
    expect(isForgotten(spec, events)).toBe(true);
    expect(isForgotten(spec, events.slice(0, -1))).toBe(false);
    const tooLate = outcomeOf(spec, [...there, ask('terminate', 'x'), ask('start', 'y'), ...end]);
    expect(tooLate.answers).toMatchObject({ x: ['done'], y: ['BeingRemoved'] });
  });

  test('of a start and a stop the later one wins', () => {
    expect(outcomeOf(spec, [...there, ask('start', 'x'), ask('stop', 'y'), ...end])).toMatchObject({
      value: { reaped: 'settled' },
      answers: { x: ['Superseded'], y: ['done'] },
    });
    expect(outcomeOf(spec, [...there, ask('stop', 'x'), ask('start', 'y'), ...end])).toMatchObject({
      value: { spawning: 'launching' },
      answers: { x: ['Superseded'] },
    });
  });
});

describe.each(Object.entries(CAUSES))('while it ends because %s', (_cause, [kind, there]) => {
  test.each(['start', 'restart'])('a %s leads to one new run', (what) => {
    const events = [...there, ask(what, 'x'), exited, swept];
    const spec = specFor(kind, 'never');
    expect(outcomeOf(spec, events)).toMatchObject({ value: { spawning: 'launching' }, generation: 2 });
    const { answers } = outcomeOf(spec, [...events, launched(2), ready(2)]);
    expect(answers).toMatchObject({ first: ['done'], x: ['done'] });
  });
});
