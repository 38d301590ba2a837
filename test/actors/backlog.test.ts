import { expect, test } from 'vitest';
import { joined } from '../../src/actors/backlog.ts';
import { openDatabase } from '../../src/store/database.ts';
import type { Tick } from '../../src/store/rows.ts';
import { storeOn } from '../../src/store/store.ts';
import { tickOf, timerOf } from '../store/samples.ts';
import { fillable } from '../support/fillable.ts';
import { Simulation } from '../support/simulation.ts';
import { aJob, aServer } from '../support/specs.ts';

/** Every tick of a day on which units start, die, come back, are stopped, terminated and added again. */
async function aDay(): Promise<readonly Tick[]> {
  const { ticks, wrap } = fillable();
  const units = [
    aServer('flaky', { ready: null, restart: { when: 'always', max: 1_000 } }),
    aServer('db'),
    aServer('api', { after: { db: 'ready' } }),
    aJob('build', { timeout: '200ms' }),
  ];
  const sim = await Simulation.open({ units, behaviours: { flaky: { diesAfterMs: 120, exit: { code: 3 } } }, wrap });
  await sim.up();
  for (const [id, wish] of [
    ['api', 'restart'],
    ['db', 'stop'],
    ['build', 'start'],
    ['build', 'terminate'],
    ['db', 'start'],
    ['flaky', 'stop'],
  ] as const) {
    sim.ask(id, wish);
    await sim.advance(150);
  }
  sim.orchestrator.add([aJob('build')]);
  sim.ask('build', 'start');
  await sim.advance(1_000);
  sim.down();
  await sim.advance(1_000);
  return ticks;
}

test('of what was said about a timer the last word counts', () => {
  const timer = { unitId: 'a', timer: 'grace' } as const;
  const set = (seq: number): Tick => tickOf({ timersSet: [timerOf('a', seq)] });
  const clear = tickOf({ timersCleared: [timer] });
  const words = (ticks: readonly Tick[]) => {
    const { timersSet, timersCleared } = joined(ticks);
    return { set: timersSet.map(({ seq }) => seq), cleared: timersCleared };
  };
  expect([words([set(1), set(2)]), words([set(1), clear]), words([clear, set(2)])]).toEqual([
    { set: [2], cleared: [] },
    { set: [], cleared: [timer] },
    { set: [2], cleared: [] },
  ]);
});

/** All that is in the store after these commits. */
function contentsAfter(ticks: readonly Tick[]): unknown {
  const db = openDatabase({ path: ':memory:' });
  const store = storeOn(db);
  for (const tick of ticks) store.commit(tick);
  const tables = ['units', 'journal', 'snapshots', 'timers', 'outbox', 'runs'];
  const contents = Object.fromEntries(tables.map((table) => [table, db.prepare(`SELECT * FROM ${table}`).all()]));
  store.close();
  return contents;
}

test('ticks that are written as one leave what they leave one after the other', async () => {
  const ticks = await aDay();
  // The supervisor and the units come first. A unit that is added later is added when there is room: it never waits.
  const again = ticks.findIndex(({ unitsAdded }, index) => index > 1 && unitsAdded.length > 0);
  const whole = contentsAfter(ticks);
  expect(again).toBeGreaterThan(20);
  for (let from = 2; from < again; from++) {
    for (const through of [Math.min(from + 5, again), again]) {
      const waited = joined(ticks.slice(from, through));
      expect(contentsAfter([...ticks.slice(0, from), waited, ...ticks.slice(through)])).toEqual(whole);
    }
  }
}, 60_000);
