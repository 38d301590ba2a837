import { describe, expect, test } from 'vitest';
import { Simulation } from '../support/simulation.ts';
import { aJob, aServer } from '../support/specs.ts';

/** What happened to a unit, in order, from an entry on. */
const historyOf = (sim: Simulation, unitId: string, fromSeq: number) =>
  [...sim.store.journal({ unitId, afterSeq: fromSeq })].map(({ event, cause }) => ({ ...event, cause }));

describe('a run that began while nobody looked', () => {
  const opened = async (): Promise<{ sim: Simulation; startedMs: number; orderedSeq: number; seq: number }> => {
    const units = [aJob('build'), aServer('api', { after: { build: 'running' } })];
    const behaviours = { build: { launch: { afterMs: 50 }, diesAfterMs: 1_000, exit: { code: 7 } } };
    const sim = await Simulation.open({ units, behaviours });
    await sim.up();
    sim.crash();
    const seq = sim.store.lastSeq();
    return { sim, startedMs: sim.clock.wallMs() + 50, orderedSeq: sim.store.runs('build')[0]!.orderedSeq, seq };
  };
  const handle = expect.objectContaining({ pid: expect.any(Number) });

  test('and lives is adopted with the time at which it began', async () => {
    const { sim, startedMs, orderedSeq, seq } = await opened();
    sim.clock.advance(500);
    await sim.open();
    await sim.settle();
    expect(historyOf(sim, 'build', seq)).toEqual([
      { type: 'run.launched', generation: 1, handle, startedMs, adopted: true, cause: orderedSeq },
    ]);
    expect(sim.world.launches.map(({ unitId }) => unitId)).toEqual(['build', 'api']);
  });

  test('and ended is told with both, in order, and nobody takes it for running in between', async () => {
    const { sim, startedMs, orderedSeq, seq } = await opened();
    sim.clock.advance(60_000);
    await sim.open();
    await sim.settle();
    const [began, ended] = historyOf(sim, 'build', seq);
    const exit = expect.objectContaining({ code: 7, endedMs: startedMs + 1_000 });
    expect([began, ended]).toEqual([
      { type: 'run.launched', generation: 1, handle, startedMs, adopted: true, cause: orderedSeq },
      { type: 'run.exited', generation: 1, exit, cause: orderedSeq },
    ]);
    expect(sim.store.runs('build')).toMatchObject([{ handle, startedMs, outcome: { kind: 'failed', code: 7 } }]);
    expect(sim.world.launches.map(({ unitId }) => unitId)).toEqual(['build']);
  });

  test('and was lost is told with both, too', async () => {
    const { sim, startedMs, seq } = await opened();
    sim.clock.advance(500);
    sim.world.vanish('build');
    await sim.open();
    await sim.settle();
    const [began, lost] = historyOf(sim, 'build', seq);
    expect([began?.type, lost?.type]).toEqual(['run.launched', 'run.lost']);
    expect(sim.store.runs('build')).toMatchObject([{ handle, startedMs, outcome: { kind: 'lost' } }]);
  });
});

test('nothing is launched before it is known what became of every run', async () => {
  const units = [aServer('db'), aServer('late'), aServer('cache'), aServer('api', { after: { cache: 'ready' } })];
  const behaviours = { late: [{ launch: 'hangs' as const }, {}], cache: { launch: { afterMs: 50 } } };
  const sim = await Simulation.open({ units, behaviours });
  await sim.up();
  sim.crash();
  const seq = sim.store.lastSeq();
  const launches = sim.world.launches.length;
  sim.clock.advance(100);
  // It is the first that is looked at, and takes longest.
  sim.faults.plan({ call: 'sight', how: 'slow' });
  const openedMs = sim.clock.wallMs();
  await sim.open();
  await sim.advance(1_000);
  const later = sim.world.launches.slice(launches);
  expect(later.map(({ unitId }) => unitId).sort()).toEqual(['api', 'late']);
  const known = [...sim.store.journal({ unitId: 'db', afterSeq: seq })].find(
    ({ event }) => event.type === 'run.adopted',
  );
  expect(Math.min(...later.map(({ atMs }) => atMs))).toBeGreaterThanOrEqual(known!.atMs);
  expect(known!.atMs).toBeGreaterThan(openedMs);
});

test('a run that nobody can say anything about keeps no orchestrator from opening', async () => {
  const sim = await Simulation.open({ units: [aServer('db'), aServer('api')] });
  await sim.up();
  sim.crash();
  sim.faults.plan({ call: 'sight', how: 'never-answers' });
  await sim.open();
  const down = sim.down();
  await sim.advance(20_000);
  expect([down.answer, sim.world.pidsAlive()]).toEqual(['done', []]);
});

describe('after a reboot', () => {
  const flaky = aServer('flaky', { ready: null, restart: { when: 'always', max: 3, within: '60s' } });

  test('restarts of before count no more: their times would be taken for others', async () => {
    const sim = await Simulation.open({
      units: [flaky],
      behaviours: { flaky: { diesAfterMs: 100, exit: { code: 1 } } },
    });
    await sim.up();
    while (sim.world.launches.length < 3) await sim.advance(100);
    const before = sim.world.launches.length;
    sim.reboot(3_600_000);
    // Longer than the restarts were after the boot of that time.
    sim.clock.advance(10_000);
    await sim.open();
    await sim.advance(60_000);
    expect(sim.world.launches.length - before).toBe(3);
    expect(sim.value('flaky')).toEqual({ reaped: 'settled' });
  });

  test('a unit is told once, and one that never restarted is not told at all', async () => {
    const behaviours = { flaky: { diesAfterMs: 100, exit: { code: 1 } } };
    const sim = await Simulation.open({ units: [flaky, aServer('calm')], behaviours });
    await sim.up();
    await sim.advance(1_000);
    const told = (): number => sim.entries.filter(({ event }) => event.type === 'clock.restarted').length;
    sim.crash();
    await sim.open();
    expect(told()).toBe(0);
    sim.reboot(60_000);
    await sim.open();
    expect(told()).toBe(1);
    sim.crash();
    await sim.open();
    expect(told()).toBe(1);
  });
});
