/**
 * A test that leaves a process, a port or a file behind fails the run.
 *
 * Before the run: a tag in the environment, and a temporary directory named after it that every `tmpdir()` leads to.
 * After it: nothing may carry the tag any more, and the directory must be empty.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ancestry, inWords, leftFiles, leftProcesses } from './leftovers.ts';

/** The name of the variable that holds the tag. */
export const RUN_TAG = 'REEVE_TEST_RUN';
/** Workers of the test runner end within this time. Whatever is there longer was forgotten. */
const DEADLINE_MS = 5_000;
const LOOK_AGAIN_MS = 50;
/** Kept by Node and by the test runner, which remove them, or share them with later runs. */
const KNOWN = [/^node-compile-cache$/, /^vitest-/];

export default function begin(): () => Promise<void> {
  const before = { tag: process.env[RUN_TAG], tmp: process.env.TMPDIR };
  const directory = mkdtempSync(join(tmpdir(), 'reeve-'));
  process.env[RUN_TAG] = basename(directory);
  process.env.TMPDIR = directory;

  return async () => {
    restore(RUN_TAG, before.tag);
    restore('TMPDIR', before.tmp);
    try {
      await endWithoutLeaks(directory);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  };
}

/**
 * @throws {Error} Something is left. Left processes are ended: they are ours, and the next run wants a clean machine.
 */
export async function endWithoutLeaks(directory: string, deadlineMs = DEADLINE_MS): Promise<void> {
  const spared = ancestry(process.pid);
  const deadline = performance.now() + deadlineMs;
  let processes = leftProcesses(basename(directory), spared);
  while (processes.length > 0 && performance.now() < deadline) {
    await pause(LOOK_AGAIN_MS);
    processes = leftProcesses(basename(directory), spared);
  }
  for (const { pid } of processes) end(pid);
  const files = leftFiles(directory, KNOWN);
  if (processes.length + files.length > 0) throw new Error(inWords(processes, files));
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has gone by itself meanwhile.
  }
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
