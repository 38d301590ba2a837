import { describe, expect, test } from 'vitest';
import { started } from '../support/fillable.ts';
import { journalOf, live, recorded } from '../support/recorded.ts';
import { aJob, aServer, aWatcher } from '../support/specs.ts';

describe('while the store cannot be written', () => {
  test('stops, exits and deadlines go on, and the journal is complete when it returns', async () => {
    const units = [
      aServer('asked'),
      aServer('deaf', { stop: { grace: '300ms' } }),
      aServer('dies', { restart: 'never' }),
      aJob('late', { timeout: '1s' }),
    ];
    const { sim, disk, ticks } = await started({ units, behaviours: { deaf: { onTerminate: 'ignores' } } });
    const before = { entries: sim.entries.length, ticks: ticks.length };
    disk.isFull = true;
    const stops = [sim.ask('asked', 'stop'), sim.ask('deaf', 'stop')];
    sim.world.kill('dies', 'SIGSEGV');
    await sim.advance(300);
    await sim.advance(700);
    const kinds = () => units.map(({ id }) => sim.orchestrator.runs(id)[0]?.outcome?.kind);
    expect({
      answers: stops.map(({ answer }) => answer),
      signals: sim.world.process('deaf')?.signals,
      kinds: kinds(),
      alive: sim.world.pidsAlive(),
      degraded: sim.orchestrator.recorder.degraded?.problem.code,
      written: ticks.length - before.ticks,
    }).toEqual({
      answers: ['done', 'done'],
      signals: ['SIGTERM', 'SIGKILL'],
      kinds: ['stopped', 'stopped', 'crashed', 'timed-out'],
      alive: [],
      degraded: 'StoreUnwritable',
      written: 0,
    });

    disk.isFull = false;
    await sim.advance(2_000);
    expect([sim.orchestrator.recorder.degraded, recorded(sim), kinds()]).toEqual([
      null,
      live(sim),
      units.map(({ id }) => sim.store.runs(id)[0]?.outcome?.kind),
    ]);
    // All that waited is one transaction, and everybody has heard of every entry once.
    expect(ticks[before.ticks]?.entries.length).toBeGreaterThan(10);
    expect(sim.entries.map(({ unitId, event }) => `${unitId} ${event.type}`)).toEqual(journalOf(sim));
  });

  test('whoever reads the journal is woken when there is something to read, and not before', async () => {
    const { sim, disk } = await started({ units: [aServer('a')] });
    let woken = 0;
    sim.orchestrator.observeJournal(() => woken++);
    disk.isFull = true;
    sim.ask('a', 'stop');
    await sim.settle();
    const before = woken;
    disk.isFull = false;
    await sim.advance(1_000);
    expect([before, woken > 0]).toEqual([0, true]);
  });

  test('what only a launch can satisfy is refused at once; what is so already is not', async () => {
    const { sim, disk } = await started({ units: [aServer('up'), aServer('down')] });
    sim.ask('down', 'stop');
    await sim.settle();
    disk.isFull = true;
    const asked = [
      sim.ask('down', 'start'),
      sim.ask('up', 'restart'),
      sim.ask('up', 'start'),
      sim.ask('nobody', 'start'),
    ];
    const up = sim.orchestrator.up().catch(({ code }: { readonly code: string }) => code);
    await sim.settle();
    expect([...asked.map(({ answer }) => answer), await up, sim.value('up'), sim.world.launches.length]).toEqual([
      'StoreUnwritable',
      'StoreUnwritable',
      'done',
      'UnknownUnit',
      'StoreUnwritable',
      { running: 'healthy' },
      2,
    ]);
    expect(() => sim.orchestrator.add([aServer('new')])).toThrow('Cannot write: the disk is full.');
    expect(sim.orchestrator.registry.get('new')).toBeUndefined();
  });

  test('a start that is asked for when there is room again does not wait for the next try', async () => {
    const { sim, disk } = await started({ units: [aServer('a', { restart: 'never' })] });
    disk.isFull = true;
    sim.world.kill('a', 'SIGKILL');
    await sim.advance(20_000);
    disk.isFull = false;
    await sim.advance(1_000);
    const start = sim.ask('a', 'start');
    await sim.settle();
    expect([start.answer, sim.orchestrator.recorder.degraded]).toEqual(['done', null]);
  });

  test('a restart by policy launches nothing until its entry is committed', async () => {
    const units = [aServer('back', { restart: 'always' }), aServer('unwanted', { restart: 'always' })];
    const { sim, disk, ticks } = await started({ units });
    disk.isFull = true;
    for (const { id } of units) sim.world.kill(id, 'SIGKILL');
    // Longer than any deadline of a launch: it is not late, it was not even tried.
    await sim.advance(60_000);
    const meanwhile = { values: sim.values(), launches: sim.world.launches.length };
    const stop = sim.ask('unwanted', 'stop');
    await sim.settle();
    const stopped = { answer: stop.answer, value: sim.value('unwanted') };
    const order = [...sim.entries].reverse().find(({ commands }) => commands.some(({ type }) => type === 'launch'))!;

    const launched: boolean[] = [];
    const { launch } = sim.world;
    sim.world.launch = (run) => {
      launched.push(ticks.at(-1)?.entries.some(({ seq }) => seq === order.seq) ?? false);
      return launch.call(sim.world, run);
    };
    disk.isFull = false;
    await sim.advance(10_000);
    expect({ ...meanwhile, stopped, launched, now: sim.values(), recorded: recorded(sim) }).toEqual({
      values: { back: { spawning: 'launching' }, unwanted: { spawning: 'launching' } },
      launches: 2,
      stopped: { answer: 'done', value: { reaped: 'settled' } },
      launched: [true],
      now: { back: { running: 'healthy' }, unwanted: { reaped: 'settled' } },
      recorded: live(sim),
    });
  });

  test('a launch that waited has its whole deadline from then on', async () => {
    const { sim, disk } = await started({ units: [aServer('a', { restart: 'always' })] });
    disk.isFull = true;
    sim.world.behave('a', { launch: 'hangs' });
    sim.world.kill('a', 'SIGKILL');
    await sim.advance(30_000);
    disk.isFull = false;
    await sim.advance(10_000);
    const revocations = () => journalOf(sim).filter((entry) => entry === 'a run.revoked').length;
    const launches = sim.world.launches.length;
    await sim.advance(4_999);
    const early = revocations();
    await sim.advance(10_001);
    expect([launches, early, revocations()]).toEqual([2, 0, 1]);
  });

  test('nobody who lives is ended only to begin again', async () => {
    const units = [aServer('api'), aWatcher('reload', { restart: ['api'] })];
    const { sim, disk } = await started({ units });
    disk.isFull = true;
    const saw = () =>
      sim.orchestrator.recorder.accept('reload', { type: 'watch.observed', generation: 1, what: ['a.ts'] });
    saw();
    await sim.advance(1_000);
    saw();
    await sim.advance(1_000);
    const meanwhile = [...(sim.world.process('api')?.signals ?? ['it is gone'])];
    disk.isFull = false;
    await sim.advance(5_000);
    expect([meanwhile, sim.world.launches.map(({ runId }) => runId.at(-1))]).toEqual([[], ['1', '1', '2']]);
  });

  test('a unit that is terminated is gone, and what is kept of its runs stays until that is written', async () => {
    const { sim, disk } = await started({ units: [aServer('a')] });
    disk.isFull = true;
    const asked = sim.ask('a', 'terminate');
    await sim.settle();
    const meanwhile = [asked.answer, sim.values(), sim.store.units().length, [...sim.discarded]];
    disk.isFull = false;
    await sim.advance(1_000);
    expect([meanwhile, sim.store.units(), sim.discarded]).toEqual([['done', {}, 1, []], [], ['a']]);
  });

  test('a quarantined unit can still be ended', async () => {
    const { sim, disk } = await started({ units: [aServer('a')] });
    disk.isFull = true;
    sim.orchestrator.registry.get('a')!.quarantined = 'for a test';
    const stop = sim.ask('a', 'stop');
    await sim.advance(500);
    disk.isFull = false;
    await sim.advance(1_000);
    expect([stop.answer, sim.world.pidsAlive(), recorded(sim)]).toEqual(['done', [], live(sim)]);
  });
});
