import { expect, test } from 'vitest';
import { simulatedClock } from '../../../src/adapters/simulation/clock.ts';
import { type Call, Faults, type Trouble, unreliableDriver } from '../../../src/adapters/simulation/faults.ts';
import { simulatedProcesses } from '../../../src/adapters/simulation/processes.ts';
import { callFor, listener, runOf } from './calls.ts';

/** What becomes of one launch, a second later. */
async function launchWith(call: Call, how: Trouble) {
  const clock = simulatedClock();
  const { world, driver } = simulatedProcesses({ clock });
  const faults = new Faults();
  faults.plan({ call, how });
  const heard = listener();
  const unreliable = unreliableDriver(driver(), faults, clock);
  await unreliable.connect(heard.report);
  let answer = 'none';
  unreliable.launch(callFor(runOf('api'))).then(
    () => {
      answer = 'done';
    },
    () => {
      answer = 'thrown';
    },
  );
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  await turn();
  clock.advance(500);
  await turn();
  const early = answer;
  clock.advance(500);
  await turn();
  return { early, answer, launches: world.launches.length, said: heard.said() };
}

const launched = ['api run.launched'];

test.each([
  ['launch', 'throws', { early: 'thrown', answer: 'thrown', launches: 0, said: [] }],
  ['launch', 'throws-late', { early: 'thrown', answer: 'thrown', launches: 1, said: launched }],
  ['launch', 'never-answers', { early: 'none', answer: 'none', launches: 0, said: [] }],
  ['launch', 'slow', { early: 'none', answer: 'done', launches: 1, said: launched }],
  ['report', 'twice', { early: 'done', answer: 'done', launches: 1, said: [...launched, ...launched] }],
  ['sweep', 'throws', { early: 'done', answer: 'done', launches: 1, said: launched }],
] as const)('where %s %s, a launch is just that', async (call, how, becomes) => {
  expect(await launchWith(call, how)).toEqual(becomes);
});

test('a fault happens as often as it is planned, and is counted', async () => {
  const faults = new Faults();
  faults.plan({ call: 'sweep', how: 'throws', times: 2 });
  const taken = [1, 2, 3].map(() => faults.take('sweep', 'api'));
  expect([taken, [...faults.suffered]]).toEqual([['throws', 'throws', null], [['sweep throws', 2]]]);
});
