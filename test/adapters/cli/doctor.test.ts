import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import type { Check } from '../../../src/index.ts';
import { closeShells, openShell } from './shell.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

afterEach(closeShells);

test('`doctor` fails on a state directory that others may read, and --fix takes that away', async () => {
  const shell = openShell();
  mkdirSync(shell.stateDir);
  chmodSync(shell.stateDir, 0o755);
  const permissions = async (...argv: readonly string[]) => {
    const { code, out } = await shell.reeve('doctor', '--json', ...argv);
    const { checks } = JSON.parse(out) as { readonly checks: readonly Check[] };
    const { status, fixed = false } = checks.find(({ name }) => name === 'permissions')!;
    return [code, status, fixed];
  };
  const seen = [await permissions(), await permissions('--fix'), await permissions()];
  expect([seen, statSync(shell.stateDir).mode & 0o777]).toEqual([
    [
      [1, 'fail', false],
      [0, 'pass', true],
      [0, 'pass', false],
    ],
    0o700,
  ]);
});
