import { describe, expect, test } from 'vitest';
import type { Behaviour } from '../../src/adapters/simulation/behaviour.ts';
import { RESOURCE_RETRIES_MAX } from '../../src/machines/restart-policy.ts';
import { LAUNCH_DEADLINE_MS } from '../../src/machines/unit-timers.ts';
import { Simulation } from '../support/simulation.ts';
import { aServer } from '../support/specs.ts';

const GRACE_MS = 5_000;
const API = aServer('api', { ready: null, restart: 'never', stop: { grace: GRACE_MS } });

const opened = (...behaviours: readonly Behaviour[]): Promise<Simulation> =>
  Simulation.open({ units: [API], behaviours: { api: behaviours } });

const outcomes = (sim: Simulation): readonly string[] =>
  sim.store.runs('api').map(({ outcome }) => outcome?.kind ?? 'open');

/** Launches that never say who the command is, each in its own way. */
const SILENT: readonly (readonly [string, Behaviour])[] = [
  ['nobody claims', { launch: 'hangs' }],
  ['is claimed, and silent', { launch: 'hangs-claimed' }],
];

describe.each(SILENT)('a launch that %s', (_words, behaviour) => {
  test('is tried again, each time later than before, and given up in the end', async () => {
    const sim = await opened(behaviour);
    const started = sim.ask('api', 'start');
    await sim.advance(3_600_000);
    expect([started.answer, sim.value('api')]).toEqual(['StartFailed', { reaped: 'settled' }]);
    expect(new Set(outcomes(sim))).toEqual(new Set(['launch-failed']));
    const times = sim.world.launches.map(({ atMs }) => atMs);
    expect(times.length).toBe(RESOURCE_RETRIES_MAX + 1);
    const pauses = times.slice(1).map((atMs, index) => atMs - times[index]!);
    expect(Math.min(...pauses)).toBeGreaterThan(LAUNCH_DEADLINE_MS);
    // Half a minute of backoff, on top of the wait.
    expect(pauses.at(-1)).toBeGreaterThan(pauses[0]! + 20_000);
  });

  test.each(['stop', 'terminate', 'down'] as const)('keeps no %s waiting for longer than its grace', async (what) => {
    const sim = await opened(behaviour);
    sim.ask('api', 'start');
    await sim.advance(1_000);
    const asked = what === 'down' ? sim.down() : sim.ask('api', what);
    await sim.advance(GRACE_MS - 1);
    expect(asked.answer).toBe('waiting');
    await sim.advance(1);
    expect([asked.answer, sim.store.openRuns(), sim.world.pidsAlive()]).toEqual(['done', [], []]);
  });

  test('keeps nobody waiting who comes after a crash, either', async () => {
    const sim = await opened(behaviour);
    sim.ask('api', 'start');
    await sim.settle();
    const stopped = sim.ask('api', 'stop');
    await sim.settle();
    sim.crash();
    await sim.open();
    await sim.settle();
    const down = sim.down();
    await sim.advance(GRACE_MS);
    expect([stopped.answer, down.answer, sim.store.openRuns()]).toEqual(['waiting', 'done', []]);
  });
});

test('what was given up never comes to life beside what came after it', async () => {
  const sim = await opened({ launch: { afterMs: 60_000 } }, {});
  sim.ask('api', 'start');
  await sim.advance(120_000);
  expect([outcomes(sim), sim.value('api')]).toEqual([['open', 'launch-failed'], { running: 'healthy' }]);
  expect(sim.world.processes().map(({ generation }) => generation)).toEqual([2]);
});

test('what is slow, and speaks before it is given up, is as good as any', async () => {
  const sim = await opened({ launch: { afterMs: 2 * LAUNCH_DEADLINE_MS - 1 } });
  const started = sim.ask('api', 'start');
  await sim.advance(LAUNCH_DEADLINE_MS + 1_000);
  expect([started.answer, sim.value('api')]).toEqual(['waiting', { spawning: 'revoking' }]);
  await sim.advance(LAUNCH_DEADLINE_MS);
  expect([started.answer, outcomes(sim), sim.world.launches.length]).toEqual(['done', ['open'], 1]);
});
