/**
 * Programs that use the library, in processes of their own, so that they can be killed. Works without a test runner.
 */
import { type ChildProcessByStdio, type StdioOptions, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { ancestry, type LeftProcess, leftProcesses } from './leftovers.ts';

const DEADLINE_MS = 30_000;
const LOOK_AGAIN_MS = 20;

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Host {
  readonly pid: number;
  /** Everything it has printed so far, stdout and stderr, line by line. */
  readonly lines: readonly string[];
  readonly ended: Promise<Ending>;
  /** The first line that begins so, now or within the deadline; without its beginning. */
  said(beginning: string, deadlineMs?: number): Promise<string>;
  /** Sends a signal, and waits for the end. */
  end(signal: NodeJS.Signals, deadlineMs?: number): Promise<Ending>;
  /** Kills it at some moment, whatever it is doing then. */
  killAfter(ms: number): Promise<Ending>;
}

const LIBRARY = new URL('../../src/index.ts', import.meta.url).href;

/** What a host is born with. */
export interface Birth {
  /** Open descriptors of ours that it has too, each as the one that is named. */
  readonly descriptors?: Readonly<Record<number, number>>;
  /** Words that end by executing those after them. */
  readonly under?: readonly string[];
}

/** Runs the text of a program that finds `openReeve`, `server` and `job` imported, and `stateDir` given. */
export function startProgram(stateDir: string, program: string, birth?: Birth): Host {
  const source = `
    import { flushCompileCache } from 'node:module';
    import { job, openReeve, server } from ${JSON.stringify(LIBRARY)};
    // It may be killed before it could do so at its end.
    flushCompileCache();
    const stateDir = ${JSON.stringify(stateDir)};
    ${program}
  `;
  return startHost(['--input-type=module-typescript', '-e', source], birth);
}

/** @param args of Node: a file and its arguments, say. */
export function startHost(args: readonly string[], { descriptors = {}, under = [] }: Birth = {}): Host {
  const [file = '', ...words] = [...under, process.execPath, ...args];
  const last = Math.max(2, ...Object.keys(descriptors).map(Number));
  const more = Array.from({ length: last - 2 }, (_, index) => descriptors[index + 3] ?? 'ignore');
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', ...more];
  // What Node has compiled for one of them, it need not compile for the next.
  const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache') };
  const child = spawn(file, words, { stdio, env }) as ChildProcessByStdio<null, Readable, Readable>;
  const lines: string[] = [];
  const news = new EventEmitter();
  news.setMaxListeners(0);
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      lines.push(line);
      news.emit('news');
    });
  }
  // `close` comes after the last line was read; a unit that outlives the host holds none of these streams.
  const ended = once(child, 'close').then(([code, signal]): Ending => ({ code, signal }));
  void ended.then(() => news.emit('news'));
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;

  const host: Host = {
    pid: child.pid ?? 0,
    lines,
    ended,
    async said(beginning, deadlineMs = DEADLINE_MS) {
      const signal = AbortSignal.timeout(deadlineMs);
      for (;;) {
        const found = lines.find((line) => line.startsWith(beginning));
        if (found !== undefined) return found.slice(beginning.length);
        const why = isOver() ? 'and ended' : 'in time';
        const missed = new Error(`the host did not say "${beginning}" ${why}, only:\n${lines.join('\n')}`);
        if (child.stdout.closed && isOver()) throw missed;
        await once(news, 'news', { signal }).catch(() => {
          throw missed;
        });
      }
    },
    async end(signal, deadlineMs = DEADLINE_MS) {
      child.kill(signal);
      return within(ended, deadlineMs, () => `the host did not end by ${signal}:\n${lines.join('\n')}`);
    },
    async killAfter(ms) {
      await Promise.race([pause(ms), ended]);
      return host.end('SIGKILL');
    },
  };
  return host;
}

/** @throws {Error} in these words, when the promise takes longer. */
export async function within<T>(promise: Promise<T>, deadlineMs: number, words: () => string): Promise<T> {
  const late = new AbortController();
  const deadline = pause(deadlineMs, undefined, { signal: late.signal }).then(
    () => Promise.reject(new Error(`after ${deadlineMs} ms: ${words()}`)),
    () => Promise.reject(late.signal.reason),
  );
  return Promise.race([promise, deadline]).finally(() => late.abort());
}

/** Processes that have to do with a directory: by its name in their arguments or environment, or an open file in it. */
export const holdersOf = (directory: string): readonly LeftProcess[] => leftProcesses(directory, ancestry(process.pid));

/** Who is left of them when they were given time to go: nobody, if all is well. */
export async function leftIn(directory: string, deadlineMs = 5_000): Promise<readonly string[]> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const left = holdersOf(directory);
    if (left.length === 0 || performance.now() > deadline) return left.map(({ pid, command }) => `${pid} ${command}`);
    await pause(LOOK_AGAIN_MS);
  }
}

/** Kills them all: they were started by a test that is over. */
export async function endHolders(directory: string): Promise<void> {
  for (let left = holdersOf(directory); left.length > 0; left = holdersOf(directory)) {
    for (const { pid } of left) kill(pid);
    await pause(LOOK_AGAIN_MS);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has gone by itself meanwhile.
  }
}
