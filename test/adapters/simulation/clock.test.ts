import { expect, test } from 'vitest';
import { simulatedClock } from '../../../src/adapters/simulation/clock.ts';

const START = { wallMs: 1_000_000, monoMs: 500 };

test('timers fire when they are due, soonest first, and those due together in the order they were set', () => {
  const clock = simulatedClock(START);
  const fired: [string, number, number][] = [];
  for (const [name, ms] of [
    ['late', 30],
    ['first of two', 10],
    ['second of two', 10],
    ['at once', 0],
  ] as const) {
    clock.setTimer(ms, () => fired.push([name, clock.monoMs(), clock.wallMs()]));
  }

  clock.advance(29);
  expect(fired).toEqual([
    ['at once', 500, 1_000_000],
    ['first of two', 510, 1_000_010],
    ['second of two', 510, 1_000_010],
  ]);

  clock.advance(1);
  expect(fired.at(-1)).toEqual(['late', 530, 1_000_030]);
});

test('a timer that a timer sets fires within the same advance, if it is due by then', () => {
  const clock = simulatedClock(START);
  const beats: number[] = [];
  const beat = () => {
    beats.push(clock.monoMs());
    clock.setTimer(100, beat);
  };
  clock.setTimer(100, beat);

  clock.advance(350);

  expect({ beats, nowMs: clock.monoMs(), pending: clock.pending() }).toEqual({
    beats: [600, 700, 800],
    nowMs: 850,
    pending: 1,
  });
});

test('a cancelled timer does not fire, also when it is cancelled by one that is due at the same time', () => {
  const clock = simulatedClock(START);
  const fired: string[] = [];
  clock.setTimer(10, () => {
    fired.push('first');
    cancel();
  });
  const cancel = clock.setTimer(10, () => fired.push('second'));

  clock.advance(10);

  expect(fired).toEqual(['first']);
});

test('what a timer defers runs before the next timer', () => {
  const clock = simulatedClock(START);
  const order: string[] = [];
  clock.setTimer(1, () => {
    order.push('timer 1');
    clock.defer(() => {
      order.push('deferred');
      clock.defer(() => order.push('deferred by deferred'));
    });
  });
  clock.setTimer(1, () => order.push('timer 2'));

  clock.advance(1);

  expect(order).toEqual(['timer 1', 'deferred', 'deferred by deferred', 'timer 2']);
});

test('a loop that feeds itself at one moment ends with words instead of hanging', () => {
  const clock = simulatedClock(START);
  const again = () => clock.defer(again);
  again();
  expect(() => clock.flush()).toThrow('Deferred calls keep deferring');

  const other = simulatedClock(START);
  const tick = () => void other.setTimer(0, tick);
  tick();
  expect(() => other.advance(1)).toThrow('Timers keep setting timers');
});

test('a jump of the wall clock and a suspend move no timer', () => {
  const clock = simulatedClock(START);
  let fired = false;
  clock.setTimer(1_000, () => {
    fired = true;
  });

  clock.jumpWall(-3_600_000);
  clock.suspend(7_200_000);
  clock.advance(999);

  expect({ fired, wallMs: clock.wallMs(), monoMs: clock.monoMs() }).toEqual({
    fired: false,
    wallMs: START.wallMs + 3_600_000 + 999,
    monoMs: START.monoMs + 999,
  });
  clock.advance(1);
  expect(fired).toBe(true);
});

test('after a reboot the boot id is another, monotonic time is young again, and nothing pending is left', () => {
  const clock = simulatedClock({ ...START, bootId: 'first' });
  let late = 0;
  clock.setTimer(1, () => late++);
  clock.defer(() => late++);

  clock.reboot(60_000);
  clock.advance(1_000);

  expect({ late, wallMs: clock.wallMs(), monoMs: clock.monoMs(), same: clock.bootId === 'first' }).toEqual({
    late: 0,
    wallMs: START.wallMs + 61_000,
    monoMs: START.monoMs + 1_000,
    same: false,
  });
});

test('a session that ends takes its own timers and deferred calls with it, and no others', () => {
  const clock = simulatedClock(START);
  const fired: string[] = [];
  const session = clock.session();
  for (const [name, of] of [
    ['session', session],
    ['world', clock],
  ] as const) {
    of.setTimer(5, () => fired.push(`${name} timer`));
    of.defer(() => fired.push(`${name} deferred`));
  }

  session.end();
  clock.advance(5);

  expect(fired).toEqual(['world deferred', 'world timer']);
});

test('a session sees the boot it lives in', () => {
  const clock = simulatedClock(START);
  const session = clock.session();
  clock.reboot();
  expect(session.bootId).toBe(clock.bootId);
});

test('while a process gets no CPU time passes, and what fell due runs late', () => {
  const clock = simulatedClock(START);
  const fired: number[] = [];
  clock.setTimer(10, () => fired.push(clock.monoMs()));
  clock.stall(25);
  const meanwhile = [...fired];
  clock.advance(0);
  expect({ meanwhile, fired, next: clock.nextDueMs() }).toEqual({ meanwhile: [], fired: [525], next: null });
});
