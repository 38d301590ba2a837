import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fileQuestion } from '../../../src/adapters/probe/file.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const bounds = { signal: new AbortController().signal, timeoutMs: 1_000 };
const asking = (file: string, cwd: string, startedMs: number | null = null) =>
  fileQuestion({ file, cwd, startedMs })(bounds);

test('a file is looked for from where the unit runs, and named whole when it is not there', async () => {
  const cwd = temporaryDirectory();
  const before = await asking('up', cwd);
  writeFileSync(join(cwd, 'up'), '');
  const absolute = await asking(join(cwd, 'up'), '/');
  expect([before, await asking('up', cwd), absolute]).toEqual([
    { is: 'failed', detail: `there is no ${cwd}/up` },
    { is: 'passed' },
    { is: 'passed' },
  ]);
});

test('a file of an earlier run does not count until something is done to it', async () => {
  const cwd = temporaryDirectory();
  const path = join(cwd, 'up');
  writeFileSync(path, '');
  const startedMs = Date.now() + 90_000;
  const stale = await asking('up', cwd, startedMs);
  // Whatever time somebody gives the file: that it was touched now is what counts.
  utimesSync(path, 0, 0);
  const touched = await asking('up', cwd, Date.now() - 1_000);
  expect([stale, touched]).toEqual([
    {
      is: 'failed',
      detail: expect.stringMatching(/^\/.*\/up is from before this run \(9\ds older\); it counts when it is touched$/),
    },
    { is: 'passed' },
  ]);
});

test('a socket is a file, and one that is gone again is none', async () => {
  const cwd = temporaryDirectory();
  const server = createServer().listen(join(cwd, 'sock'));
  onTestFinished(() => void server.close());
  const there = await asking('sock', cwd, Date.now() - 1_000);
  rmSync(join(cwd, 'sock'), { force: true });
  expect([there.is, (await asking('sock', cwd)).is]).toEqual(['passed', 'failed']);
});

test('what does not answer is given up when the time is over', async () => {
  const abort = new AbortController();
  const ask = fileQuestion({ file: 'up', cwd: '/', startedMs: null });
  const asked = ask({ signal: abort.signal, timeoutMs: 50 });
  abort.abort();
  expect(await asked).toEqual({ is: 'failed', detail: '/up could not be looked at within 50ms' });
});
