import { existsSync, type FSWatcher, statSync, watch } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import type { Clock } from '../../actors/ports.ts';
import type { RunPaths } from './run-directory.ts';
import { verdictOn } from './verdict.ts';

const CHUNK_BYTES = 64 * 1024;
/** Events wake us. This is for what gives none: a run that is lost, a file system without watches. */
const LOOK_AGAIN_MS = 1_000;
/** How long a run may take to have a directory: it is ordered, and about to be launched. */
const BEGIN_WITHIN_MS = 2_000;
const BEGIN_LOOK_MS = 20;

export interface FollowOptions {
  readonly fromByte?: number;
  readonly signal?: AbortSignal;
}

/** Yields what a run prints, as it prints it, and ends when the run has ended and all was read. */
export const followOutput = (paths: RunPaths, clock: Clock, options: FollowOptions): AsyncIterable<string> =>
  followFile(paths.out, paths, clock, options);

/**
 * The same for any file that a run writes into its directory.
 *
 * Whether it has ended is read from the run's directory, so it does not matter who launched or watches it. An abort
 * ends the iteration without an error.
 */
export function followFile(
  path: string,
  paths: RunPaths,
  clock: Clock,
  { fromByte, signal }: FollowOptions,
): AsyncIterable<string> {
  // "From now on" begins with the call, not with the first `next()`.
  return follow(path, paths, clock, fromByte ?? sizeOf(path), signal);
}

async function* follow(
  path: string,
  paths: RunPaths,
  clock: Clock,
  startByte: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  const isOver = () => signal?.aborted === true;
  const giveUpMs = clock.monoMs() + BEGIN_WITHIN_MS;
  while (!existsSync(path)) {
    if (isOver() || clock.monoMs() >= giveUpMs || existsSync(paths.claim)) return;
    await wakeUp(paths, clock, BEGIN_LOOK_MS, signal).done;
  }
  const file = await open(path, 'r');
  const decoder = new StringDecoder('utf8');
  try {
    for (let at = startByte, sizeBytes = 0; !isOver(); ) {
      // Armed and judged before reading: what is printed meanwhile wakes us, and what was printed before is read.
      const woken = wakeUp(paths, clock, LOOK_AGAIN_MS, signal);
      try {
        const ended = hasEnded(paths);
        const nowBytes = sizeOf(path);
        // Somebody has emptied it, as logrotate does: what is printed since is at its beginning.
        if (nowBytes < sizeBytes) at = 0;
        sizeBytes = nowBytes;
        for (let chunk = await read(file, at); chunk.length > 0 && !isOver(); chunk = await read(file, at)) {
          at += chunk.length;
          sizeBytes = at;
          const text = decoder.write(chunk);
          if (text !== '') yield text;
        }
        if (ended) return;
        await woken.done;
      } finally {
        woken.cancel();
      }
    }
  } finally {
    await file.close();
  }
}

function hasEnded(paths: RunPaths): boolean {
  const { is } = verdictOn(paths, null);
  return is === 'ended' || is === 'lost' || is === 'never-ran' || is === 'missing';
}

async function read(file: FileHandle, at: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, at);
  return buffer.subarray(0, bytesRead);
}

/** Something changed in the run's directory, or the time is up, or nobody wants to know any more. */
function wakeUp(
  paths: RunPaths,
  clock: Clock,
  withinMs: number,
  signal: AbortSignal | undefined,
): { readonly done: Promise<void>; cancel(): void } {
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const cancelTimer = clock.setTimer(withinMs, () => cancel());
  const watcher = watchDirectory(paths, () => cancel());
  const cancel = (): void => {
    cancelTimer();
    watcher?.close();
    signal?.removeEventListener('abort', cancel);
    resolve();
  };
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted) cancel();
  return { done, cancel };
}

function watchDirectory(paths: RunPaths, wake: () => void): FSWatcher | null {
  try {
    const watcher = watch(paths.directory, wake);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return null;
  }
}

export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
