import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, type TestContext } from 'vitest';
import { endHolders } from './host.ts';

export interface SmallDisk {
  readonly path: string;
  /** Takes every byte that is left. */
  fill(): void;
  free(): void;
}

/** A real file system of a few megabytes. Skips the test, in words, where none may be mounted. Gone when it is over. */
export function smallDisk({ skip }: TestContext, sizeMB = 8): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'disk-'));
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMB}m`, 'tmpfs', path]);
  if (status !== 0) {
    rmdirSync(path);
    skip(`no file system may be mounted here: ${String(stderr).trim() || 'there is no mount'}`);
  }
  onTestFinished(async () => {
    await endHolders(path);
    spawnSync('umount', ['--lazy', path]);
    rmdirSync(path);
  });
  const ballast = join(path, 'ballast');
  return {
    path,
    fill() {
      const file = openSync(ballast, 'a');
      for (const bytes of [1_048_576, 4_096, 1]) while (hasRoomFor(file, bytes));
      closeSync(file);
    },
    free: () => rmSync(ballast),
  };
}

function hasRoomFor(file: number, bytes: number): boolean {
  try {
    return writeSync(file, Buffer.alloc(bytes)) > 0;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false;
    throw error;
  }
}
