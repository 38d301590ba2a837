/**
 * The command as it is shipped, built once for a run of the tests: they start it hundreds of times, and it is there in
 * a third of the time that its sources take.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stop } from 'esbuild';
import { buildCommand } from '../../scripts/build.ts';

const VARIABLE = 'REEVE_TEST_COMMAND';
const packages = fileURLToPath(new URL('../../node_modules/', import.meta.url));

export default async function begin(): Promise<() => void> {
  // Beside the packages, so that what stays an import is found.
  const directory = mkdtempSync(join(packages, '.reeve-command-'));
  await buildCommand(directory);
  await stop();
  process.env[VARIABLE] = join(directory, 'reeve.js');
  return () => {
    delete process.env[VARIABLE];
    rmSync(directory, { recursive: true, force: true });
  };
}

/** Its path, in a test. */
export function builtCommand(): string {
  const path = process.env[VARIABLE];
  if (path === undefined) throw new Error('The command was not built: is this file among the globalSetup of vitest?');
  return path;
}
