import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { job, server, watcher } from '../../src/index.ts';
import { type Scenario, simulate } from '../../src/testing.ts';
import { fencesOf } from '../docs/markdown.ts';
import { temporaryDirectory } from '../support/temporary.ts';

test('the example in the README prints what it is said to print', () => {
  const fences = fencesOf(readFileSync(new URL('../../README.md', import.meta.url), 'utf8'));
  const at = fences.findIndex(({ code }) => code.includes("from 'reeve/testing'"));
  const file = join(temporaryDirectory(), 'example.ts');
  const urlOf = (path: string): string => `'${new URL(`../../src/${path}`, import.meta.url).href}'`;
  const code = fences[at]?.code.replace("'reeve/testing'", urlOf('testing.ts')).replace("'reeve'", urlOf('index.ts'));
  writeFileSync(file, code ?? '');
  expect(execFileSync(process.execPath, [file], { encoding: 'utf8' })).toBe(fences[at + 1]?.code);
});

const NIGHT: Scenario = {
  units: [
    server({ id: 'db', command: 'db', ready: { tcp: 1 } }),
    server({ id: 'api', command: 'api', after: { db: 'ready' } }),
    job({ id: 'build', command: 'build' }),
    watcher({ id: 'reload', files: ['*.ts'], debounce: '100ms', then: { restart: ['api'] } }),
  ],
  behaviours: { db: { readyAfterMs: 900 }, build: { diesAfterMs: 2_000, exit: { code: 3 } } },
  steps: [
    { do: 'up' },
    { wait: '1h', do: 'touch', unit: 'reload', what: ['a.ts'] },
    { wait: '1h', do: 'kill', unit: 'db', signal: 'SIGSEGV' },
    { wait: '1h', do: 'crash', downMs: 5_000, code: 'newer' },
    { wait: '1h', do: 'stop', unit: 'api' },
    { do: 'start', unit: 'nobody' },
  ],
};

test('every run has its outcome, every request its answer, and what runs at the end runs', async () => {
  const night = await simulate(NIGHT);
  expect({
    outcomes: Object.fromEntries(NIGHT.units.map(({ id }) => [id, night.outcomes(id)])),
    answers: night.asked.map(({ what, unit, answer }) => `${what} ${unit ?? 'all'}: ${answer}`),
  }).toEqual({
    outcomes: { db: ['crashed', null], api: ['stopped', 'stopped'], build: ['failed'], reload: [null] },
    answers: ['up all: done', 'stop api: done', 'start nobody: UnknownUnit'],
  });
});

test('states are told with the time since the beginning', async () => {
  const { states } = await simulate(NIGHT);
  expect(states.filter(({ unit, atMs }) => unit === 'api' && atMs <= 1_000)).toEqual([
    { atMs: 0, unit: 'api', state: 'reaped.settled' },
    { atMs: 0, unit: 'api', state: 'spawning.waiting' },
    // Its database is asked every 200 ms.
    { atMs: 1_000, unit: 'api', state: 'spawning.launching' },
    { atMs: 1_000, unit: 'api', state: 'running.healthy' },
  ]);
});

test('the same scenario is the same story, to the last byte', async () => {
  const stories = [await simulate(NIGHT), await simulate(NIGHT)];
  const [once, again] = stories.map(({ entries, runs }) => JSON.stringify({ entries, runs }));
  expect(again).toBe(once);
});

test('units that do not fit together are refused as openReeve refuses them', async () => {
  const units = [server({ id: 'api', command: 'api', after: { db: 'ready' } })];
  await expect(simulate({ units, steps: [] })).rejects.toMatchObject({ code: 'InvalidSpec' });
});
