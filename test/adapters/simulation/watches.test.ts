import { expect, test } from 'vitest';
import { simulatedClock } from '../../../src/adapters/simulation/clock.ts';
import { simulatedWatches } from '../../../src/adapters/simulation/watches.ts';
import { callFor, listener, runOf } from './calls.ts';

function scene() {
  const clock = simulatedClock();
  const watches = simulatedWatches({ launches: [] });
  const orchestrator = () => {
    const heard = listener();
    const driver = watches.driver(clock);
    void driver.connect(heard.report);
    return { driver, heard };
  };
  return { clock, watches, orchestrator };
}

test('what changes is seen by whoever watches it, and by nobody else', () => {
  const { clock, watches, orchestrator } = scene();
  const { driver, heard } = orchestrator();
  void driver.launch(callFor(runOf('reload')));
  void driver.launch(callFor(runOf('other')));
  clock.flush();
  heard.reports.length = 0;

  watches.touch('reload', ['a.ts']);
  clock.flush();
  expect(heard.reports.map(({ unitId, fact }) => [unitId, fact])).toEqual([
    ['reload', { type: 'watch.observed', generation: 1, what: ['a.ts'] }],
  ]);
});

test('a watch ends with its orchestrator, and is armed again by the next one without a word', async () => {
  const { clock, watches, orchestrator } = scene();
  const first = orchestrator();
  void first.driver.launch(callFor(runOf('reload')));
  clock.flush();
  await first.driver.close();
  watches.touch('reload', ['while nobody looked.ts']);

  const next = orchestrator();
  const run = runOf('reload', 1, { pid: null, identity: null });
  expect(await next.driver.sight(run)).toMatchObject({ is: 'alive' });
  void next.driver.attach(callFor(run));
  watches.touch('reload', ['a.ts']);
  clock.flush();
  expect([first.heard.said(), next.heard.said()]).toEqual([['reload run.launched'], ['reload watch.observed']]);
});

test('a watch that was never armed is taken back', async () => {
  const { clock, orchestrator } = scene();
  const { driver, heard } = orchestrator();
  expect(await driver.sight(runOf('reload'))).toEqual({ is: 'revoked' });
  void driver.revoke(callFor(runOf('reload')));
  clock.flush();
  expect(heard.said()).toEqual(['reload run.revoked']);
});
