import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

test('the quickstart plays the whole life of its units, and leaves nothing', { timeout: 60_000 }, () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['src/adapters/cli/main.ts', 'up', '-f', 'examples/quickstart/reeve.yaml', '--once'],
    { cwd: ROOT, encoding: 'utf8', timeout: 50_000 },
  );
  expect({
    status,
    stderr,
    steps: stdout
      .trim()
      .split('\n')
      .map((line) => line.split(':')[0]),
  }).toEqual({
    status: 0,
    stderr: '',
    steps: [
      '✓ web is ready',
      '✓ gate is ready',
      '✓ reload watches',
      '✓ greet has finished',
      '✓ web is killed from outside, and comes back',
      '✓ watched/greeting.txt changes, and reload restarts gate',
      '✓ everything is stopped',
    ],
  });
  expect(stdout).toMatch(/0 of \d+ processes are left\n$/);
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith('reeve-once-'))).toEqual([]);
});
