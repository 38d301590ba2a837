import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { ProjectStatus } from '../../../src/index.ts';
import { closeShells, openShell } from './shell.ts';

// Whole processes, one after the other, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

afterEach(closeShells);

const BEFORE = { a: 600, b: 601, c: 602 };
const AFTER = { a: 600, b: 611, d: 604 };
const project = (seconds: Readonly<Record<string, number>>): string => {
  const units = Object.entries(seconds).map(([id, count]) => [id, { command: `exec sleep ${count}` }]);
  return JSON.stringify({ units: Object.fromEntries(units) });
};
const pids = ({ units }: ProjectStatus) => Object.fromEntries(units.map(({ id, run }) => [id, run?.pid]));

test('`up` on a live orchestrator shows what an edited file changes, and changes that alone', async () => {
  const shell = openShell({ 'reeve.json': project(BEFORE) });
  const first = await shell.json<ProjectStatus>('up', '--detach');
  await shell.reeve('wait', 'b', '--for', 'running');
  const was = pids(await shell.status());
  const unchanged = await shell.json<{ changes: { change: string }[] }>('up');
  writeFileSync(join(shell.directory, 'reeve.json'), project(AFTER));
  const plan = await shell.reeve('up', '--plan');
  const planned = pids(await shell.status());
  const applied = await shell.json<{ changes: unknown }>('up', '--detach');
  await shell.reeve('wait', 'd', '--for', 'running');
  const now = pids(await shell.status());
  const removed = await shell.reeve('up', '--remove-extra');
  expect([unchanged.changes.map(({ change }) => change), plan.out, planned, applied, removed.out]).toEqual([
    ['keep', 'keep', 'keep'],
    [
      '~ restart  b (command)',
      '+ add  d',
      '! not in the project file, kept: --remove-extra removes it  c',
      '  1 unit is kept as it is',
      '',
    ].join('\n'),
    was,
    {
      applied: true,
      orchestrator: first.orchestrator,
      changes: [
        { unit: 'a', change: 'keep', keys: [] },
        { unit: 'b', change: 'restart', keys: ['command'] },
        { unit: 'd', change: 'add', keys: [] },
        { unit: 'c', change: 'extra', keys: [] },
      ],
    },
    '- remove  c\n  3 units are kept as they are\n',
  ]);
  expect([now.a === was.a, now.b === was.b, now.c === was.c]).toEqual([true, false, true]);
  expect(Object.keys(pids(await shell.status()))).toEqual(['a', 'b', 'd']);
});
