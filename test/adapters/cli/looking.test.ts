import { afterEach, expect, test, vi } from 'vitest';
import type { Entry, ProjectStatus, Result } from '../../../src/index.ts';
import { closeShells, openShell } from './shell.ts';

const PROJECT = `
units:
  web: { command: "echo web; exec sleep 600" }
  slow: { command: "echo slow; exec sleep 600", ready: { exec: ["false"], within: 1h } }
  mark: { kind: watcher, files: ["*.txt"], then: { restart: [web] } }
`;

// Many whole processes, one after the other, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

afterEach(closeShells);

test('a run that a unit never had is refused, naming those it had, live and from the files', async () => {
  const shell = openShell({ 'reeve.yaml': PROJECT });
  await shell.json('up', '--detach');
  await shell.json('wait', 'web', '--for', 'running');
  const first = (await shell.unit('web')).run?.runId ?? '';
  await shell.json('restart', 'web');
  const second = (await shell.unit('web')).run?.runId ?? '';
  const other = (await shell.unit('slow')).run?.runId ?? '';
  const refusal = (asked: string) => ({
    error: {
      code: 'UnknownRun',
      message: `"web" has no run "${asked}".`,
      hint: `Its runs, newest first: ${second}, ${first}.`,
    },
  });
  const askAll = async () => {
    const said = [];
    for (const asked of ['no-such-run', other, '../secrets'])
      said.push(await shell.json('logs', 'web', '--run', asked));
    return said;
  };
  const refusals = ['no-such-run', other, '../secrets'].map(refusal);
  expect(await askAll()).toEqual(refusals);
  expect(await shell.reeve('logs', 'web', '-f', '--run', other)).toMatchObject({ code: 1, out: '' });
  expect(await shell.reeve('logs', 'web', '--run', first)).toEqual({ code: 0, out: 'web\n', err: '' });
  await shell.reeve('down');
  expect(await askAll()).toEqual(refusals);
  expect(await shell.reeve('logs', 'web', '--run', first)).toEqual({ code: 0, out: 'web\n', err: '' });
});

test('a wait says whether it was there, in words and in its exit code', async () => {
  const shell = openShell({ 'reeve.yaml': PROJECT });
  await shell.json('up', '--detach');
  await shell.json('wait', 'slow', '--for', 'waiting-health');
  const waits = [
    ['web --for ready --max-wait 20', 0, 'web is ready\n'],
    ['web --for running', 0, 'web is running\n'],
    ['web --max-wait 50ms', 2, 'web is still running\n'],
    ['web --for finished --max-wait 50ms', 2, 'web is not finished yet: it is running\n'],
    ['slow --for ready --max-wait 50ms', 2, 'slow is not ready yet: it is waiting-health\n'],
    ['slow --max-wait 0', 2, 'slow is waiting-health\n'],
  ] as const;
  const said = [];
  for (const [argv] of waits) {
    const { code, out } = await shell.reeve('wait', ...argv.split(' '));
    said.push([argv, code, out]);
  }
  expect(said).toEqual(waits);
  expect(await shell.json<Result>('wait', 'slow', '--for', 'ready', '--max-wait', '50ms')).toMatchObject({
    id: 'slow',
    outcome: null,
  });
});

test('where nobody orchestrates, only an end can be waited for, and not readiness', async () => {
  const shell = openShell({ 'reeve.yaml': PROJECT });
  await shell.json('up', '--detach');
  await shell.json('wait', 'web', '--for', 'ready');
  await shell.reeve('down');
  expect(await shell.reeve('wait', 'web')).toMatchObject({ code: 0, out: expect.stringContaining('web stopped') });
  expect(await shell.reeve('wait', 'web', '--for', 'reaped')).toMatchObject({ code: 0 });
  for (const milestone of ['ready', 'running', 'finished']) {
    expect(await shell.json('wait', 'web', '--for', milestone)).toMatchObject({ error: { code: 'NobodyRuns' } });
  }
});

test('each line of `events` begins with the number that --after takes, and a watcher has no pid', async () => {
  const shell = openShell({ 'reeve.yaml': PROJECT });
  await shell.json('up', '--detach');
  await shell.json('wait', 'mark', '--for', 'running');
  const { events } = await shell.json<{ events: Entry[] }>('events', 'mark');
  const { out } = await shell.reeve('events', 'mark');
  const lines = out.trimEnd().split('\n');
  expect(lines.map((line) => Number.parseInt(line, 10))).toEqual(events.map(({ seq }) => seq));
  expect(out).toMatch(/ run\.launched {2}→ running\.observing {2}pid -\n/);
  expect(out).not.toContain('?');
  const later = await shell.reeve('events', 'mark', '--after', String(events[0]?.seq));
  // On a slow machine it has lived for so long meanwhile that it counts as stable, which is one more.
  expect(later.out.split('\n').slice(0, lines.length - 1)).toEqual(lines.slice(1));
});

test('jobs that nobody named and that have ended are offered to nobody, and stand in nobody’s way', async () => {
  const shell = openShell({ 'reeve.yaml': 'units: { runner: { command: [sleep, "600"] } }' });
  await shell.json('up', '--detach');
  await shell.reeve('run', '--', 'true');
  await shell.reeve('run', '--', 'true');
  const { units } = await shell.json<ProjectStatus>('status');
  const [job, other] = units.map(({ id }) => id).filter((id) => id.startsWith('run-'));
  expect(await shell.json('status', 'zebra')).toMatchObject({ error: { hint: 'There is: runner.' } });
  expect(await shell.json('status', 'run')).toMatchObject({ unit: { id: 'runner' } });
  expect(await shell.json('status', job!)).toMatchObject({ unit: { id: job } });
  expect(await shell.json('status', 'run-')).toMatchObject({
    error: { code: 'AmbiguousRef', message: `"run-" could be ${job} or ${other}.` },
  });
});
