import { expect, onTestFinished, test } from 'vitest';
import type { DriverCall, Report, Sighting } from '../../../src/actors/ports.ts';
import { inProcessDriver } from '../../../src/adapters/in-process/driver.ts';
import { givenHere } from '../../../src/adapters/in-process/functions.ts';
import { silentLog } from '../../../src/adapters/log/silent.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { eventually } from '../../support/waiting.ts';
import { callFor, runOf } from '../simulation/calls.ts';

const NOWHERE = { pid: null, identity: null };

/** A driver whose unit "index" is a function that ends when it is told. */
async function scene() {
  let ends: ((value: string) => void)[] = [];
  let calls = 0;
  const run = () => {
    calls += 1;
    return new Promise<string>((end) => ends.push(end));
  };
  const functions = new Map([['index', givenHere(run)]]);
  const driver = inProcessDriver({ clock: systemClock(), log: silentLog, functions, beat: () => {} });
  onTestFinished(() => driver.close());
  const reports: Report[] = [];
  await driver.connect((report) => reports.push(report));
  const heard = (count: number): Promise<readonly string[]> =>
    eventually(
      () => reports.map(({ fact }) => fact.type),
      (types) => types.length >= count,
    );
  const end = (): void => {
    for (const one of ends) one('done');
    ends = [];
  };
  return { driver, heard, end, calls: () => calls };
}

const callOf = (generation: number, handle: typeof NOWHERE | null = null): DriverCall => {
  const call = callFor(runOf('index', generation));
  return { ...call, run: { ...call.run, handle } };
};

test('a run that another program may have begun is lost; one that was ordered here is taken back', async () => {
  const { driver } = await scene();
  const seen: Sighting['is'][] = [];
  const look = async (call: DriverCall) => void seen.push((await driver.sight(call.run)).is);
  await look(callOf(1, NOWHERE));
  await look(callOf(1));
  await driver.tidy([callOf(1).run.runId], [], []);
  await look(callOf(1));
  await look(callOf(2, NOWHERE));
  await look(callOf(2));
  expect(seen).toEqual(['lost', 'lost', 'lost', 'lost', 'revoked']);
});

test('what was taken back is not begun any more, and what was begun is not begun again', async () => {
  const { driver, heard, end, calls } = await scene();
  await driver.tidy([], [], []);
  await driver.revoke(callOf(1));
  await driver.launch(callOf(1));
  expect(await heard(1)).toEqual(['run.revoked']);
  await driver.launch(callOf(2));
  await driver.launch({ ...callOf(2), key: 'another' });
  await driver.revoke(callOf(2));
  expect(await heard(3)).toEqual(['run.revoked', 'run.launched', 'run.launched']);
  end();
  expect((await heard(4)).at(-1)).toBe('run.exited');
  expect(calls()).toBe(1);
  expect(await driver.sight(callOf(2).run)).toMatchObject({ is: 'ended', exit: { code: 0, returned: 'done' } });
});

test('a closed driver tells nothing of a function that ends after all', async () => {
  const { driver, heard, end } = await scene();
  await driver.launch(callOf(1));
  await heard(1);
  await driver.revoke(callOf(1));
  await driver.close();
  end();
  await new Promise((resolve) => setImmediate(resolve));
  expect(await heard(1)).toEqual(['run.launched']);
});
