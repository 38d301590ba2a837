import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { endHolders } from './host.ts';

/** A directory that is gone when the test is over, and with it everything that was started from it, however it ends. */
export function stateDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'state-'));
  onTestFinished(async () => {
    await endHolders(path);
    rmSync(path, { recursive: true, force: true });
  });
  return path;
}
