import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { endWithoutLeaks, RUN_TAG } from './leaks.ts';
import { ancestry } from './leftovers.ts';

/** Announces itself, then listens on a port of its own choice for ever. */
const LISTENER = "const s = require('net').createServer().listen(0, '127.0.0.1', () => console.log(s.address().port))";
const SOON_MS = 50;
const made: string[] = [];

afterEach(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
});

test.each([
  ['its environment', (run: string) => ({ env: { [RUN_TAG]: basename(run) }, cwd: '/' })],
  ['its working directory alone', (run: string) => ({ env: {}, cwd: run })],
])('a process that is known by %s fails the run, with its port, and is ended', async (_how, optionsFor) => {
  const run = newRun();
  const child = spawn(process.execPath, ['-e', LISTENER], optionsFor(run));
  const exited = once(child, 'exit');
  const [port] = (await once(child.stdout, 'data')) as [Buffer];

  const address = `127.0.0.1:${String(port).trim()}`;
  await expect(endWithoutLeaks(run, SOON_MS)).rejects.toThrow(
    `process ${child.pid} still runs: ${process.execPath} -e ${LISTENER}, listening on ${address}`,
  );
  expect(await exited).toEqual([null, 'SIGKILL']);
});

test('a file in the temporary directory of the run fails it, by name', async () => {
  const run = newRun();
  writeFileSync(join(run, 'forgotten.sock'), '');
  await expect(endWithoutLeaks(run, SOON_MS)).rejects.toThrow('file left in the temporary directory: forgotten.sock');
});

test('a run that left nothing passes, and who started it is spared', async () => {
  await expect(endWithoutLeaks(newRun(), SOON_MS)).resolves.toBeUndefined();
  expect(ancestry(process.pid)).toEqual(expect.arrayContaining([process.pid, process.ppid]));
});

test('a leak fails a run whose tests all pass, and the temporary directory of the run is gone', () => {
  const project = newRun();
  mkdirSync(join(project, 'tmp'));
  writeFileSync(
    join(project, 'leaky.test.ts'),
    `import { mkdtempSync, writeFileSync } from 'node:fs';
     import { tmpdir } from 'node:os';
     import { join } from 'node:path';
     import { test } from 'vitest';
     test('passes', () => writeFileSync(join(process.cwd(), 'seen'), mkdtempSync(join(tmpdir(), 'left-'))));`,
  );
  writeFileSync(
    join(project, 'vitest.config.ts'),
    `export default { test: { globalSetup: [${JSON.stringify(join(import.meta.dirname, 'leaks.ts'))}] } };`,
  );
  const nested = spawnSync(join(import.meta.dirname, '../../node_modules/.bin/vitest'), ['run', '--root', project], {
    cwd: project,
    env: { ...process.env, TMPDIR: join(project, 'tmp') },
    encoding: 'utf8',
  });
  expect({
    status: nested.status,
    leak: /file left in the temporary directory: (left-)/.exec(nested.stderr)?.[1],
  }).toEqual({
    status: 1,
    leak: 'left-',
  });
  expect(nested.stdout).toContain('1 passed');
  expect(readdirSync(join(project, 'tmp'))).toEqual([]);
});

function newRun(): string {
  const directory = mkdtempSync(join(tmpdir(), 'run-'));
  made.push(directory);
  return directory;
}
