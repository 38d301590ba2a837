import { afterEach, expect, test } from 'vitest';
import type { ProbeCall } from '../../../src/actors/ports.ts';
import { callFor, runOf } from '../simulation/calls.ts';
import { probeBench, seenRun } from './bench.ts';

const benches: ReturnType<typeof probeBench>[] = [];

afterEach(async () => {
  for (const { probes } of benches.splice(0)) await probes.close();
});

function scene() {
  const run = seenRun();
  const bench = probeBench({ view: run.view });
  benches.push(bench);
  const seek = (...patterns: readonly string[]) => {
    const { key, seq, spec: unit } = callFor(runOf('db', 4));
    return bench.start({ key, seq, unit, run: runOf('db', 4), probe: 'printed', patterns } satisfies ProbeCall);
  };
  const found = () =>
    bench.reports.map(({ fact }) => (fact.type === 'run.printed' ? [fact.generation, fact.pattern, fact.found] : fact));
  return { ...bench, run, seek, found };
}

test('what a run printed before it was asked is found, and what it prints then, each once', async () => {
  const { seek, run, reported, found, clock } = scene();
  run.prints('starting\n');
  await seek('^starting$', '^listening');
  await reported(1);
  run.prints('listening\nlistening\n');
  await reported(2);
  expect([found(), clock.pending()]).toEqual([
    [
      [4, '^starting$', true],
      [4, '^listening', true],
    ],
    0,
  ]);
});

test('a run that has ended is read to its end, also to the line that has none, before it is given up', async () => {
  const { seek, run, reported, found, clock } = scene();
  await seek('late$', 'never');
  run.prints('it is late');
  run.ends();
  await reported(2);
  expect(found()).toEqual([
    [4, 'late$', true],
    [4, 'never', false],
  ]);
  expect(clock.pending()).toBe(0);
});

test('a line that stays without an end counts after a while', async () => {
  const { seek, run, reported, found, clock } = scene();
  await seek('login: $');
  run.prints('login: ');
  await new Promise(setImmediate);
  clock.advance(1_000);
  await reported(1);
  expect(found()).toEqual([[4, 'login: $', true]]);
});

test('nobody looks any more once it is closed', async () => {
  const { seek, run, found, clock, probes } = scene();
  await seek('listening');
  await probes.close();
  run.prints('listening\n');
  await new Promise(setImmediate);
  expect([found(), clock.pending()]).toEqual([[], 0]);
});
