import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeStateDir, type Problem, startDetached } from '../../index.ts';
import { ControlRefused } from '../http/errors.ts';
import type { Context } from './context.ts';
import { DetachFailed } from './errors.ts';

/** What a detached orchestrator tells who started it, once, over the channel between them. */
export type Announcement = { readonly serving: true } | { readonly problem: Problem };

const SERVES_WITHIN_MS = 30_000;
/** A log that is larger than this is put aside when the next orchestrator begins. */
const LOG_BYTES_MAX = 1_048_576;
const LAST_LINES = 10;

/**
 * Starts this very program again, on its own, as the orchestrator. Returns when it serves.
 *
 * @throws {DetachFailed} It does not. What it had to say is in the error.
 */
export async function startOrchestrator(
  { cwd, stateDir, env }: Context,
  upArguments: readonly string[],
): Promise<void> {
  makeStateDir(stateDir);
  const logFile = join(stateDir, 'orchestrator.log');
  const log = openLog(logFile);
  const script = process.argv[1] ?? '';
  const where = ['-C', cwd, '--state-dir', stateDir];
  const program = [...process.execArgv, script, 'up', ...upArguments, '--announce', ...where];
  const child = await startDetached(program, { cwd, env, output: log }).finally(() => closeSync(log));
  const said = await announcementOf(child);
  if (child.connected) child.disconnect();
  child.unref();
  if (typeof said === 'string') throw new DetachFailed({ why: said, logFile, lastLines: lastLinesOf(logFile) });
  if ('problem' in said) throw new ControlRefused({ status: 0, problem: said.problem });
}

/** On the other side: says it, if there is somebody to hear it, and lets go. */
export async function announce(announcement: Announcement): Promise<void> {
  if (!process.send || !process.connected) return;
  await new Promise<void>((resolve) => process.send?.(announcement, undefined, undefined, () => resolve()));
  if (process.connected) process.disconnect();
}

/** Or, in words, why there is none. */
async function announcementOf(child: ChildProcess): Promise<Announcement | string> {
  const signal = AbortSignal.timeout(SERVES_WITHIN_MS);
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]) => message as Announcement),
      once(child, 'exit', { signal }).then(([code, killer]) => `ended at once (${killer ?? `code ${code}`})`),
    ]);
  } catch (error) {
    if (signal.aborted) return `did not serve within ${SERVES_WITHIN_MS / 1_000} s`;
    return `could not be started: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function openLog(path: string): number {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LOG_BYTES_MAX) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}

const lastLinesOf = (path: string): string =>
  readFileSync(path, 'utf8').trimEnd().split('\n').slice(-LAST_LINES).join('\n');
