import { describe, expect, test } from 'vitest';
import { Simulation } from '../support/simulation.ts';
import { aJob, aServer } from '../support/specs.ts';

const launchesOf = (sim: Simulation): string[] => sim.world.launches.map(({ unitId }) => unitId);
const contextOf = (sim: Simulation, id: string) => sim.orchestrator.registry.get(id)?.snapshot.context;

describe('order', () => {
  test('what waits for others is launched when they are as it wants them, and in parallel otherwise', async () => {
    const units = [
      aServer('api', { after: { db: 'ready', migrate: 'finished' } }),
      aServer('db'),
      aJob('migrate', { after: { db: 'running' } }),
      aServer('cache'),
    ];
    const behaviours = { db: { readyAfterMs: 1_000 }, migrate: { diesAfterMs: 500 } };
    const sim = await Simulation.open({ units, behaviours });
    await sim.up();
    expect(launchesOf(sim)).toEqual(['db', 'cache']);
    await sim.advance(1_200);
    expect(launchesOf(sim)).toEqual(['db', 'cache', 'migrate']);
    await sim.advance(500);
    expect(launchesOf(sim)).toEqual(['db', 'cache', 'migrate', 'api']);
  });

  test('stops go against the order of starts: nobody loses what it still needs', async () => {
    const units = [
      aServer('db'),
      aServer('api', { after: { db: 'ready' } }),
      aServer('web', { after: { api: 'ready' } }),
    ];
    const behaviours = { web: { onTerminate: { afterMs: 100 } }, api: { onTerminate: { afterMs: 100 } } };
    const sim = await Simulation.open({ units, behaviours });
    await sim.up();
    await sim.advance(1_000);
    const down = sim.down();
    await sim.settle();
    const signalled = (): string[] => units.map(({ id }) => sim.world.process(id)?.signals.join() ?? '');
    expect(signalled()).toEqual(['', '', 'SIGTERM']);
    await sim.advance(100);
    expect(signalled()).toEqual(['', 'SIGTERM', 'SIGTERM']);
    expect(down.answer).toBe('waiting');
    await sim.advance(100);
    expect([signalled(), down.answer]).toEqual([['SIGTERM', 'SIGTERM', 'SIGTERM'], 'done']);
  });

  test('units that are up are counted where somebody waits for all to be down, and nowhere else', async () => {
    const sim = await Simulation.open({ units: [aServer('db'), aServer('api', { after: { db: 'ready' } })] });
    await sim.up();
    await sim.advance(1_000);
    sim.down();
    await sim.advance(1_000);
    const counts = sim.entries.flatMap(({ event }) => (event.type === 'unit.changed' ? [event.up] : []));
    const first = counts.findIndex((up) => up !== null);
    expect(new Set(counts.slice(0, first))).toEqual(new Set([null]));
    expect([...new Set(counts.slice(first))]).toEqual([1, 0]);
  });

  test('a unit that waits in vain says so, and goes on when that changes', async () => {
    const units = [aServer('db', { restart: 'never', ready: null }), aServer('api', { after: { db: 'running' } })];
    const sim = await Simulation.open({
      units,
      behaviours: { db: [{ diesAfterMs: 0, exit: { code: 1 }, launch: 'ok' }, {}] },
    });
    const started = sim.ask('api', 'start');
    sim.ask('db', 'start');
    await sim.settle();
    sim.ask('api', 'stop');
    await sim.advance(10);
    const again = sim.ask('api', 'start');
    await sim.settle();
    expect(again.answer).toBe('DependencyFailed');
    expect(contextOf(sim, 'api')?.why).toBe('"api" waits for db to be running (it is reaped: failed).');
    sim.ask('db', 'start');
    await sim.advance(1_000);
    expect([sim.value('db'), sim.value('api')]).toEqual([{ running: 'healthy' }, { running: 'healthy' }]);
    expect(started.answer).not.toBe('waiting');
  });

  test('a unit is not said to wait in vain because another of its group changed', async () => {
    const units = [
      aServer('db'),
      aServer('api', { after: { db: 'ready' }, group: 'back' }),
      aServer('worker', { ready: null, group: 'back' }),
    ];
    const behaviours = { db: { launch: { afterMs: 5_000 } } };
    const sim = await Simulation.open({ units, behaviours, groups: { back: { strategy: 'rest-for-one' } } });
    sim.ask('db', 'start');
    const started = sim.ask('api', 'start');
    await sim.settle();
    sim.ask('worker', 'start');
    await sim.settle();
    expect([sim.value('db'), sim.value('api'), started.answer]).toEqual([
      { spawning: 'launching' },
      { spawning: 'waiting' },
      'waiting',
    ]);
    await sim.advance(6_000);
    expect([sim.value('api'), started.answer]).toEqual([{ running: 'healthy' }, 'done']);
  });

  test('down while units wait: they never launch', async () => {
    const units = [aServer('db'), aServer('api', { after: { db: 'ready' } })];
    const sim = await Simulation.open({ units, behaviours: { db: { readyAfterMs: null } } });
    await sim.up();
    const down = sim.down();
    await sim.advance(1_000);
    expect([down.answer, launchesOf(sim), sim.world.pidsAlive()]).toEqual(['done', ['db'], []]);
  });
});

describe('groups', () => {
  const members = ['a', 'b', 'c'].map((id) => aServer(id, { group: 'g', ready: null }));
  const generations = (sim: Simulation): number[] => members.map(({ id }) => contextOf(sim, id)?.generation);

  test.each([
    ['one-for-one', [1, 2, 1]],
    ['rest-for-one', [1, 2, 2]],
    ['one-for-all', [2, 2, 2]],
  ] as const)('%s: when the second of three dies, the generations are %j', async (strategy, expected) => {
    const sim = await Simulation.open({ units: members, groups: { g: { strategy } } });
    await sim.up();
    sim.world.kill('b', 'SIGKILL');
    await sim.advance(1_000);
    expect(generations(sim)).toEqual(expected);
  });

  test('a member that gives up takes its group along', async () => {
    const units = members.map((unit) => ({ ...unit, restart: { ...unit.restart, max: 1 } }));
    const sim = await Simulation.open({ units, groups: { g: { strategy: 'one-for-all' } } });
    await sim.up();
    sim.world.kill('b', 'SIGKILL');
    await sim.advance(1_000);
    sim.world.kill('b', 'SIGKILL');
    await sim.advance(1_000);
    expect(sim.values()).toEqual({
      a: { reaped: 'settled' },
      b: { reaped: 'settled' },
      c: { reaped: 'settled' },
    });
    expect(sim.store.runs('a')[0]?.outcome).toMatchObject({ kind: 'stopped', by: 'group:g' });
  });

  test('a member that died while nobody looked takes its group along, as if somebody had', async () => {
    const sim = await Simulation.open({ units: members, groups: { g: { strategy: 'one-for-all' } } });
    await sim.up();
    sim.crash();
    sim.world.kill('b', 'SIGKILL');
    await sim.open();
    await sim.advance(1_000);
    expect(generations(sim)).toEqual([2, 2, 2]);
  });

  test('a member that a person stopped stays stopped', async () => {
    const sim = await Simulation.open({ units: members, groups: { g: { strategy: 'one-for-all' } } });
    await sim.up();
    sim.ask('c', 'stop');
    await sim.settle();
    sim.world.kill('b', 'SIGKILL');
    await sim.advance(1_000);
    expect(generations(sim)).toEqual([2, 2, 1]);
  });
});
