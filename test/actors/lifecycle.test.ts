import { describe, expect, test } from 'vitest';
import { Simulation } from '../support/simulation.ts';
import { aJob, aServer, aWatcher } from '../support/specs.ts';

describe('a server', () => {
  test('is launched, probed, and then runs', async () => {
    const sim = await Simulation.open({ units: [aServer('api')], behaviours: { api: { readyAfterMs: 500 } } });
    const started = sim.ask('api', 'start');
    await sim.settle();
    expect(sim.value('api')).toBe('waiting-health');
    await sim.advance(499);
    expect([sim.value('api'), started.answer]).toEqual(['waiting-health', 'waiting']);
    await sim.advance(201);
    expect([sim.value('api'), started.answer]).toEqual([{ running: 'healthy' }, 'done']);
  });

  test('that ignores its stop signal is killed exactly when its grace runs out', async () => {
    const sim = await Simulation.open({ units: [aServer('deaf')], behaviours: { deaf: { onTerminate: 'ignores' } } });
    sim.ask('deaf', 'start');
    await sim.settle();
    const stopped = sim.ask('deaf', 'stop');
    await sim.settle();
    await sim.advance(4_999);
    expect(sim.world.process('deaf')?.signals).toEqual(['SIGTERM']);
    await sim.advance(1);
    expect(sim.world.process('deaf')?.signals).toEqual(['SIGTERM', 'SIGKILL']);
    expect([sim.value('deaf'), stopped.answer]).toEqual([{ reaped: 'settled' }, 'done']);
    expect(sim.store.runs('deaf')[0]?.outcome).toMatchObject({ kind: 'stopped', took: ['terminate', 'kill'] });
  });

  test('that is not ready in time is stopped, and the reason stays the first one', async () => {
    const units = [aServer('slow', { restart: 'never' })];
    const sim = await Simulation.open({ units, behaviours: { slow: { readyAfterMs: null } } });
    const started = sim.ask('slow', 'start');
    await sim.settle();
    await sim.advance(29_999);
    expect(sim.value('slow')).toBe('waiting-health');
    await sim.advance(1);
    expect(sim.value('slow')).toEqual({ reaped: 'settled' });
    expect(sim.store.runs('slow')[0]?.outcome).toMatchObject({ kind: 'start-timeout', signal: 'SIGTERM' });
    expect(started.answer).toBe('StartFailed');
  });

  test('that crashes comes back after its backoff, and settles loudly when its budget is spent', async () => {
    const units = [aServer('flaky', { ready: null, restart: { when: 'failure', max: 2 } })];
    const sim = await Simulation.open({ units, behaviours: { flaky: { diesAfterMs: 100, exit: { code: 3 } } } });
    sim.ask('flaky', 'start');
    await sim.settle();
    for (let passed = 0; passed < 5_000; passed += 100) await sim.advance(100);
    expect(sim.store.runs('flaky').map(({ outcome }) => outcome?.code)).toEqual([3, 3, 3]);
    expect(sim.value('flaky')).toEqual({ reaped: 'settled' });
    expect(sim.orchestrator.registry.get('flaky')?.snapshot.context.why).toBe(
      'gave up: it ended again after 2 restarts within 60 s (last: failed): it ended with code 3',
    );
  });

  test('leaves nothing behind: what it forked is swept before it counts as reaped', async () => {
    const sim = await Simulation.open({
      units: [aServer('web')],
      behaviours: { web: { strays: 3, strayTermDeaf: true } },
    });
    sim.ask('web', 'start');
    await sim.settle();
    const stopped = sim.ask('web', 'stop');
    await sim.settle();
    expect(sim.value('web')).toEqual({ stopping: { sweeping: 'terminating' } });
    await sim.advance(5_000);
    expect([sim.world.pidsAlive(), stopped.answer]).toEqual([[], 'done']);
  });

  test('that leaves something behind which nothing can end says what it is', async () => {
    const sim = await Simulation.open({
      units: [aServer('web')],
      behaviours: { web: { strays: 1, strayKillDeaf: true } },
    });
    sim.ask('web', 'start');
    await sim.settle();
    const stopped = sim.ask('web', 'stop');
    await sim.advance(20_000);
    expect(stopped.answer).toBe('done');
    expect(sim.orchestrator.registry.get('web')?.snapshot.context.why).toMatch(
      /^these would not end: \d+ \(stray 1 of web\)$/,
    );
  });
});

describe('a job', () => {
  test('ends by itself, and its result is stored with the state that announces it', async () => {
    const sim = await Simulation.open({
      units: [aJob('build')],
      behaviours: { build: { diesAfterMs: 1_000, exit: { code: 7 } } },
    });
    const kept: unknown[] = [];
    sim.orchestrator.observe((entry) => {
      if (entry.event.type === 'run.exited') kept.push(sim.store.runs('build')[0]?.outcome?.code);
    });
    sim.ask('build', 'start');
    await sim.settle();
    await sim.advance(1_000);
    expect([sim.value('build'), kept]).toEqual([{ reaped: 'settled' }, [7]]);
  });

  test('that takes longer than its timeout is stopped as timed out', async () => {
    const sim = await Simulation.open({ units: [aJob('endless', { timeout: '10m' })] });
    sim.ask('endless', 'start');
    await sim.settle();
    await sim.advance(599_999);
    expect(sim.value('endless')).toBe('running');
    await sim.advance(1);
    expect(sim.store.runs('endless')[0]?.outcome?.kind).toBe('timed-out');
  });
});

describe('a watcher', () => {
  test('gathers what it sees until it is quiet, then restarts what it was told to', async () => {
    const units = [aServer('api'), aWatcher('reload', { restart: ['api'] })];
    const sim = await Simulation.open({ units });
    await sim.up();
    const saw = (what: string) =>
      sim.orchestrator.recorder.accept('reload', { type: 'watch.observed', generation: 1, what: [what] });
    saw('a.ts');
    await sim.advance(99);
    saw('b.ts');
    await sim.advance(99);
    expect(sim.orchestrator.registry.get('api')?.snapshot.context.generation).toBe(1);
    await sim.advance(1);
    expect(sim.orchestrator.registry.get('api')?.snapshot.context.generation).toBe(2);
  });

  test('does not start what a person stopped', async () => {
    const sim = await Simulation.open({ units: [aServer('api'), aWatcher('reload', { restart: ['api'] })] });
    await sim.up();
    sim.ask('api', 'stop');
    await sim.settle();
    sim.orchestrator.recorder.accept('reload', { type: 'watch.observed', generation: 1, what: ['a.ts'] });
    await sim.advance(200);
    expect(sim.value('api')).toEqual({ reaped: 'settled' });
  });
});
