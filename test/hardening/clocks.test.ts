import { describe, expect, onTestFinished, test } from 'vitest';
import type { Clock } from '../../src/actors/ports.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { type Entry, job, openReeve, type Reeve, server } from '../../src/index.ts';
import { leftIn } from '../support/host.ts';
import { stateDirectory } from '../support/state-directory.ts';

const ZERO = 0;
const FUTURE = Date.UTC(2100, 0, 1);
const NOW = Date.now();

/** The system's clock, whose wall was set to another time when it was made. */
function clockAt(wallMs: number): Clock {
  const clock = systemClock();
  const sinceMs = clock.monoMs();
  return {
    bootId: clock.bootId,
    wallMs: () => wallMs + clock.monoMs() - sinceMs,
    monoMs: () => clock.monoMs(),
    setTimer: (ms, fire) => clock.setTimer(ms, fire),
    defer: (run) => clock.defer(run),
  };
}

async function opened(stateDir: string, wallMs: number): Promise<Reeve> {
  const command = ['sleep', '1000'];
  const units = [
    server({ id: 'stays', command }),
    // Deaf: its end is that of its grace.
    server({ id: 'deaf', command: `trap '' TERM; while :; do sleep 0.1; done`, stop: { grace: '300ms' } }),
  ];
  const reeve = await openReeve({ stateDir, units, clock: clockAt(wallMs) });
  onTestFinished(() => reeve.close());
  return reeve;
}

async function journalOf(reeve: Reeve): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of reeve.journal()) entries.push(entry);
  return entries;
}

describe('between two openings the wall clock goes', () => {
  test.each([
    ['from 1970 to today', ZERO, NOW],
    ['from today back to 1970', NOW, ZERO],
    ['from today to 2100', NOW, FUTURE],
    ['from 2100 back to today', FUTURE, NOW],
    ['from 2100 back to 1970', FUTURE, ZERO],
  ])('%s: nothing is forgotten, started twice or ended early', async (_, before, after) => {
    const stateDir = stateDirectory();
    const first = await opened(stateDir, before);
    for (const id of ['stays', 'deaf']) await first.unit(id).reached('running', { within: '10s' });
    await first.run(job({ id: 'early', command: 'exit 3' }));
    const pid = first.unit('stays').status().run?.pid;
    const past = await journalOf(first);
    await first.close({ leave: true });

    const second = await opened(stateDir, after);
    expect(second.unit('stays').status()).toMatchObject({ state: 'running', run: { pid, generation: 1 } });
    expect((await second.run(job({ id: 'late', command: 'exit 4', timeout: '10s' }))).code).toBe(4);
    const stoppedMs = performance.now();
    await second.unit('deaf').stop();
    expect(performance.now() - stoppedMs).toBeGreaterThan(290);
    const all = await journalOf(second);
    expect({
      past: all.slice(0, past.length).map(({ seq }) => seq),
      order: all.map(({ seq }) => seq),
      early: second
        .unit('early')
        .history()
        .map(({ outcome }) => [outcome?.kind, outcome?.code]),
      deaf: second
        .unit('deaf')
        .history()
        .map(({ outcome }) => [outcome?.kind, outcome?.signal]),
    }).toEqual({
      past: past.map(({ seq }) => seq),
      order: all.map((_, index) => index + 1),
      early: [['failed', 3]],
      deaf: [['stopped', 'SIGKILL']],
    });
    await second.close();
    expect(await leftIn(stateDir)).toEqual([]);
  });
});
