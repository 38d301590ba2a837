import { expect, test } from 'vitest';
import { simulatedClock } from '../../../src/adapters/simulation/clock.ts';
import { Pids } from '../../../src/adapters/simulation/pids.ts';

test('a pid that comes back has another start time, and a reboot frees all of them', () => {
  const clock = simulatedClock();
  const pids = new Pids(clock, 2);
  const [one, other] = [pids.take()!, pids.take()!];
  expect([pids.take(), pids.isScarce()]).toEqual([null, true]);
  pids.free(one);
  const again = pids.take()!;
  expect([again.pid === one.pid, again.startTicks === one.startTicks]).toEqual([true, false]);
  clock.reboot();
  expect([pids.isScarce(), pids.take()?.pid]).toEqual([false, other.pid]);
});

test('strangers take the pids that were given back last, and go when their time is over', () => {
  const clock = simulatedClock();
  const pids = new Pids(clock, 3);
  const [one, other] = [pids.take()!, pids.take()!, pids.take()];
  pids.free(one);
  pids.free(other);
  pids.crowd(5, 1_000);
  const whileTheyStay = [pids.take(), pids.isScarce()];
  clock.advance(1_000);
  expect([whileTheyStay, pids.take()?.pid]).toEqual([[null, true], one.pid]);
});

test('who is gone does not free the pid of whoever has it now', () => {
  const pids = new Pids(simulatedClock(), 1);
  const dead = pids.take()!;
  pids.free(dead);
  pids.take();
  pids.free(dead);
  expect(pids.take()).toBeNull();
});
