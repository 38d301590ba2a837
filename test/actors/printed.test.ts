import { describe, expect, test } from 'vitest';
import type { Behaviours } from '../../src/adapters/simulation/behaviour.ts';
import type { UnitSpec } from '../../src/machines/spec.ts';
import { Simulation } from '../support/simulation.ts';
import { aJob, aServer } from '../support/specs.ts';

const LISTENS = 'log:/^listening/';
const api = (more: object = {}): UnitSpec => aServer('api', { after: { db: LISTENS }, ...more });
const launchesOf = (sim: Simulation, id: string): number =>
  sim.world.launches.filter(({ unitId }) => unitId === id).length;
const why = (sim: Simulation): string => sim.orchestrator.registry.whyItWaits(sim.orchestrator.registry.get('api')!);
const printedOf = (sim: Simulation): unknown => sim.orchestrator.registry.get('db')!.snapshot.context.run.printed;

async function scene(units: readonly UnitSpec[], db: Behaviours[string] = {}): Promise<Simulation> {
  const sim = await Simulation.open({ units, behaviours: { db } });
  await sim.up();
  await sim.advance(1_000);
  return sim;
}

describe('a unit that waits for what another one prints', () => {
  test('says so, and begins when the line is there', async () => {
    const sim = await scene([aServer('db'), api()], { prints: { line: 'listening on 80', afterMs: 5_000 } });
    sim.world.print('db', 'not listening yet\n');
    await sim.advance(3_000);
    expect([launchesOf(sim, 'api'), why(sim)]).toEqual([0, 'waits for db to print /^listening/ (it is healthy)']);
    await sim.advance(1_500);
    expect([launchesOf(sim, 'api'), printedOf(sim)]).toEqual([1, { '^listening': true }]);
  });

  test('waits for the line of the present run, not for that of the one before', async () => {
    const db = [{ prints: { line: 'listening', afterMs: 0 } }, { prints: { line: 'listening', afterMs: 9_000 } }];
    const sim = await scene([aServer('db'), api()], db);
    expect(launchesOf(sim, 'api')).toBe(1);
    sim.ask('api', 'stop');
    sim.ask('db', 'restart');
    await sim.advance(1_000);
    sim.ask('api', 'start');
    await sim.advance(7_000);
    expect(launchesOf(sim, 'api')).toBe(1);
    await sim.advance(2_000);
    expect(launchesOf(sim, 'api')).toBe(2);
  });

  test('begins by what was printed long before it waited, without anybody having looked for it', async () => {
    const sim = await scene([aServer('db')], { prints: { line: 'listening', afterMs: 0 } });
    expect(printedOf(sim)).toBeUndefined();
    sim.orchestrator.add([api()]);
    sim.ask('api', 'start');
    await sim.advance(1_000);
    expect(launchesOf(sim, 'api')).toBe(1);
  });

  test.each([
    ['is ready', {}],
    ['becomes ready first', { readyAfterMs: 3_000 }],
  ])('goes on waiting over a crash while the other one %s, and hears what was printed meanwhile', async (_, more) => {
    const sim = await scene([aServer('db'), api()], { ...more, prints: { line: 'listening', afterMs: 2_000 } });
    sim.crash();
    await sim.advance(4_000);
    await sim.open();
    await sim.advance(1_000);
    expect([launchesOf(sim, 'api'), launchesOf(sim, 'db')]).toEqual([1, 1]);
  });

  test('begins after a crash by what was known before it', async () => {
    const sim = await scene([aServer('db'), api({ after: { db: LISTENS, gate: 'ready' } }), aServer('gate')], {
      prints: { line: 'listening', afterMs: 0 },
    });
    await sim.advance(1_000);
    sim.crash();
    await sim.open();
    expect(printedOf(sim)).toEqual({ '^listening': true });
  });
});

describe('what has ended', () => {
  test('and was a server prints nothing any more, so whoever waits for it hears that at once', async () => {
    const sim = await scene([aServer('db', { restart: 'never' })], { diesAfterMs: 100, exit: { code: 3 } });
    sim.orchestrator.add([api()]);
    const asked = sim.ask('api', 'start');
    await sim.advance(1_000);
    expect([asked.answer, why(sim)]).toEqual([
      'DependencyFailed',
      expect.stringMatching(/^waits for db to print \/\^listening\/ \(it is reaped: failed: /),
    ]);
  });

  test.each([
    ['finished and had printed it', { line: 'listening', afterMs: 50 }, 'done', 1],
    ['finished and had not', { line: 'deaf', afterMs: 50 }, 'DependencyFailed', 0],
  ])('and was a job that %s is read to its end', async (_, prints, answer, launches) => {
    const sim = await scene([aJob('db')], { diesAfterMs: 100, prints });
    sim.orchestrator.add([api()]);
    const asked = sim.ask('api', 'start');
    await sim.advance(1_000);
    expect([asked.answer, launchesOf(sim, 'api')]).toEqual([answer, launches]);
  });

  test('before anybody had read its last line is read by the next orchestrator', async () => {
    const sim = await scene([aJob('db'), api()], { diesAfterMs: 2_100, prints: { line: 'listening', afterMs: 2_095 } });
    await sim.advance(1_080);
    const known = printedOf(sim);
    sim.crash();
    await sim.advance(1_000);
    await sim.open();
    await sim.advance(1_000);
    expect([known, launchesOf(sim, 'api')]).toEqual([{ '^listening': null }, 1]);
  });
});

test('two that wait for the same line are one question', async () => {
  const units = [aServer('db'), api(), aServer('web', { after: { db: LISTENS } })];
  const sim = await scene(units, { prints: { line: 'listening', afterMs: 3_000 } });
  await sim.advance(3_000);
  const asked = sim.entries.filter(({ unitId, event }) => unitId === 'db' && event.type === 'print.sought');
  expect([asked.length, launchesOf(sim, 'api'), launchesOf(sim, 'web')]).toEqual([1, 1, 1]);
});
