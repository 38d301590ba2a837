import { openSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { foldSteps, type History, momentAt } from '../../../src/store/replay/history.ts';
import { traceOf } from '../../../src/store/replay/trace-file.ts';
import { Simulation } from '../../support/simulation.ts';
import { aJob, aServer } from '../../support/specs.ts';
import { STORY_UNITS, story } from '../../support/story.ts';
import { historyIn, linesOf, traceFile } from '../../support/traces.ts';

function fileOf(history: History): History {
  const path = traceFile(linesOf(history));
  const file = traceOf(openSync(path, 'r'), { path, allowDamaged: false });
  onTestFinished(() => file.close());
  return file;
}

test('whatever is asked of a file is answered as by the store that it was written from', async () => {
  const store = historyIn(await story());
  const file = fileOf(store);
  expect([file.unitIds, file.entryCount, file.firstSeq, file.lastSeq, file.faults]).toEqual([
    store.unitIds,
    store.entryCount,
    1,
    store.lastSeq,
    [],
  ]);
  expect([...file.entries()]).toEqual([...store.entries()]);
  for (const unitId of store.unitIds) {
    const range = { unitId, fromSeq: 50, throughSeq: 150 };
    expect([...file.entries(range)]).toEqual([...store.entries(range)]);
    for (const seq of [0, 1, 7, 63, 64, 65, 130, store.lastSeq, store.lastSeq + 1]) {
      expect(momentAt(file, unitId, seq)).toEqual(momentAt(store, unitId, seq));
      expect(file.entry(seq)).toEqual(store.entry(seq));
    }
  }
  const [early, late] = [store.entry(30)!, store.entry(200)!];
  expect([early.atMs - 1, early.atMs, late.atMs, 0].map((at) => file.seqAt(at))).toEqual(
    [early.atMs - 1, early.atMs, late.atMs, 0].map((at) => store.seqAt(at)),
  );
});

test('a unit at its last entry is what the orchestrator has of it: state, context and timers', async () => {
  const sim = await Simulation.open({ units: STORY_UNITS, behaviours: { flaky: { diesAfterMs: 120 } } });
  await sim.up();
  for (let step = 0; step < 25; step++) {
    await sim.advance(90);
    const history = historyIn(sim);
    for (const { id, snapshot } of sim.orchestrator.registry.units()) {
      const { spec: _, ...context } = JSON.parse(JSON.stringify(snapshot.context));
      const moment = momentAt(history, id, history.lastSeq);
      expect([moment?.value, moment?.context]).toEqual([snapshot.value, context]);
      const rows = sim.store.timers().filter(({ unitId }) => unitId === id);
      const armed = rows.map(({ timer, seq, dueMonoMs }) => [timer, seq, dueMonoMs]).sort();
      expect(moment?.timers.map(({ timer, seq, dueMonoMs }) => [timer, seq, dueMonoMs]).sort()).toEqual(armed);
    }
  }
});

describe('commands without an answer', () => {
  test('are pending until it comes', async () => {
    const sim = await Simulation.open({ units: [aServer('api', { stop: { grace: '5s' } })] });
    void sim.ask('api', 'start');
    await sim.settle();
    sim.ask('api', 'stop');
    await sim.settle();
    const history = historyIn(sim);
    const pending = [...foldSteps(history, { unitId: 'api' })].map(({ entry, after }) => [
      entry.event.type,
      after?.pending.map(({ command }) => command.type).join(),
    ]);
    expect(pending).toEqual([
      ['unit.added', ''],
      ['start.requested', 'launch'],
      ['run.launched', 'startProbe'],
      ['probe.passed', ''],
      ['stop.requested', 'endRun'],
      ['run.exited', 'sweep'],
      ['run.swept', ''],
    ]);
  });

  test('of a run before the present one are not pending any more', async () => {
    const behaviours = { build: { diesAfterMs: 10, exit: { code: 1 } } };
    const sim = await Simulation.open({ units: [aJob('build', { retry: { max: 2 } })], behaviours });
    sim.ask('build', 'start');
    for (let step = 0; step < 20; step++) await sim.advance(500);
    const history = historyIn(sim);
    expect(momentAt(history, 'build', history.lastSeq)?.pending).toEqual([]);
  });
});

test('what follows on entries that are missing is not made up', async () => {
  const history = historyIn(await story({ rounds: 5 }));
  const lost = [...history.entries({ unitId: 'db' })][1]!.seq;
  const holed: History = {
    ...history,
    unitIds: history.unitIds,
    base: () => null,
    entries: function* (range) {
      for (const entry of history.entries(range)) if (entry.seq !== lost) yield entry;
    },
  };
  const seen = [...foldSteps(holed, { unitId: 'db' })].map(({ after }) => after !== null);
  expect(seen.slice(0, 3)).toEqual([true, false, false]);
});
