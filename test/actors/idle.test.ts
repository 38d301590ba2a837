import { expect, test } from 'vitest';
import type { UnitSpec } from '../../src/machines/spec.ts';
import { Simulation } from '../support/simulation.ts';
import { aJob, aServer } from '../support/specs.ts';

const CEASED = { type: 'activity.ceased', sinceMs: 0 } as const;
const idle = (then: string) => ({ idle: { after: '10s', then } });

/** What the judge of activity is told to do, in order. */
const judged = (sim: Simulation): string =>
  sim.entries
    .flatMap(({ commands }) => commands)
    .flatMap(({ type, params }) => (params && 'probe' in params && params.probe === 'idle' ? [type] : []))
    .join(' ');

async function quiet(unit: UnitSpec): Promise<Simulation> {
  const sim = await Simulation.open({ units: [unit] });
  await sim.up();
  await sim.advance(1_000);
  sim.world.say(unit.id, CEASED);
  await sim.advance(1_000);
  return sim;
}

test.each([
  ['a server', aServer('a', idle('report')), { running: 'healthy' }],
  ['a job', aJob('a', idle('report')), 'running'],
])('%s that is idle is told of, watched on, and well again once it works', async (_kind, unit, working) => {
  const sim = await quiet(unit);
  const stalled = [sim.value('a'), judged(sim)];
  sim.world.say('a', { type: 'activity.resumed', text: 'it prints' });
  await sim.advance(1_000);
  const resumed = sim.value('a');
  sim.ask('a', 'stop');
  await sim.advance(1_000);
  const all = 'startProbe startProbe stopProbe';
  expect([stalled, resumed, judged(sim)]).toEqual([['idle-stalled', 'startProbe'], working, all]);
});

test('one that is to be stopped when it is idle is stopped, as idle, and stays so', async () => {
  const sim = await quiet(aServer('a', { ...idle('stop'), restart: 'always' }));
  await sim.advance(60_000);
  expect([sim.value('a'), sim.store.runs('a').map(({ outcome }) => outcome?.kind), judged(sim)]).toEqual([
    { reaped: 'settled' },
    ['idle'],
    'startProbe stopProbe',
  ]);
});

test('one that is to be restarted when it is idle begins anew, whatever its policy says', async () => {
  const sim = await quiet(aServer('a', { ...idle('restart'), restart: 'never' }));
  expect([sim.value('a'), sim.store.runs('a').map(({ outcome }) => outcome?.kind ?? null)]).toEqual([
    { running: 'healthy' },
    [null, 'idle'],
  ]);
});

test('whoever adopts an idle run watches it, too', async () => {
  const sim = await quiet(aServer('a', idle('report')));
  sim.crash();
  await sim.open();
  await sim.settle();
  expect([sim.value('a'), judged(sim)]).toEqual(['idle-stalled', 'startProbe startProbe']);
});

test('a unit of which nothing is said about idleness is watched by nobody', async () => {
  const sim = await quiet(aServer('a'));
  sim.ask('a', 'stop');
  await sim.advance(1_000);
  expect(judged(sim)).toBe('');
});
