import { expect, test } from 'vitest';
import { openSweeper } from '../../../src/adapters/process/sweeper.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';

const quiet = (): void => {};
const silent = { debug: quiet, info: quiet, warn: quiet, error: quiet };

test('however many runs are swept at once, what is there is read once', async () => {
  const reads = new Map<number, number>();
  const sweeper = openSweeper(systemClock(), silent, (pid) => {
    reads.set(pid, (reads.get(pid) ?? 0) + 1);
    return ['REEVE_RUN=sweeper-test/a/e.0', 'A=1'];
  });
  const nobody = { child: null, launcher: null, endedTicks: null };
  const sweeps = Array.from({ length: 50 }, (_, index) => {
    const remains = { marker: `REEVE_RUN=sweeper-test/a/e.${index + 1}`, ...nobody };
    return new Promise((done) => sweeper.sweep({ runId: `e.${index + 1}`, how: 'terminate', remains, done }));
  });
  expect(new Set((await Promise.all(sweeps)).flat())).toEqual(new Set());
  sweeper.close();
  expect([reads.size > 0, Math.max(...reads.values())]).toEqual([true, 1]);
});
