import { readFileSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../../src/adapters/system/clock.ts';

afterEach(() => void vi.restoreAllMocks());

test('the clock knows its boot, and counts from it', () => {
  const clock = systemClock();
  expect(clock.bootId).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  const uptimeMs = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000;
  expect(Math.abs(clock.monoMs() - uptimeMs)).toBeLessThan(1_000);
  expect(Number.isInteger(clock.monoMs()) && Number.isInteger(clock.wallMs())).toBe(true);
});

test('a timer never fires before its time', async () => {
  const clock = systemClock();
  const early: number[] = [];
  for (let ms = 1; ms <= 20; ms++) {
    const start = process.hrtime.bigint();
    await new Promise<void>((fire) => clock.setTimer(ms, fire));
    const took = Number(process.hrtime.bigint() - start) / 1e6;
    if (took < ms) early.push(took - ms);
  }
  expect(early).toEqual([]);
});

test('a wait that Node cannot count is made of several', () => {
  const delays: (number | undefined)[] = [];
  const real = globalThis.setTimeout;
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((fire: () => void, ms?: number) => {
    delays.push(ms);
    return real(fire, 2 ** 30);
  }) as typeof setTimeout);
  const cancel = systemClock().setTimer(2 ** 40, () => {});
  cancel();
  expect(delays).toEqual([2 ** 30]);
});

test('a cancelled timer does not fire', async () => {
  const clock = systemClock();
  const fired: string[] = [];
  clock.setTimer(1, () => fired.push('cancelled'))();
  await new Promise<void>((fire) => clock.setTimer(5, fire));
  expect(fired).toEqual([]);
});

test('deferred work comes after the current tick', async () => {
  const order: string[] = [];
  await new Promise<void>((done) => {
    systemClock().defer(() => {
      order.push('deferred');
      done();
    });
    void Promise.resolve().then(() => order.push('promise'));
    order.push('now');
  });
  expect(order).toEqual(['now', 'promise', 'deferred']);
});
