import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Clock, Log } from '../../actors/ports.ts';
import { problemOf } from '../../machines/errors.ts';
import { startDetached } from './detached.ts';
import { LaunchRefused, refusalOf } from './errors.ts';
import type { Fork, ForkOrder } from './launch-fork.ts';
import { installScript } from './script.ts';
import { isForkDear } from './spawner-need.ts';
import {
  type OpenFile,
  SPAWNER_PROGRAM,
  type SpawnerNews,
  type SpawnerOrder,
  type SpawnOrder,
} from './spawner-program.ts';

/** It is there in some 40 ms, and answers an order in one. Who says nothing for so long is stopped, or no spawner. */
const ANSWERS_WITHIN_MS = 5_000;
/** With its channel closed it ends at once. */
const GONE_WITHIN_MS = 1_000;

/**
 * A small process that forks for us where our own memory makes that dear: a fork stops our event loop for as long as it
 * takes to copy our page tables.
 *
 * 1. It is started when it first pays, and a dead one is replaced when the next one is needed.
 * 2. It ends with its channel, so with us, and begins nothing more then. What it has started stays.
 * 3. Of what was ordered from a dead one nobody knows whether it began: `begun` rejects, and a run's claim decides.
 */
export interface Spawner {
  /** One that stands, where one pays. `null`: whoever wants to start something does it from here. */
  standing(): Promise<Forks | null>;
  close(): Promise<void>;
}

export interface Forks {
  /** Starts a program in a session of its own, with these files open. `socket` becomes its input and its output. */
  fork(order: ForkOrder, files?: readonly OpenFile[], socket?: Socket): Fork;
  /** Waits for the end of a short program, too. `true`: it did what it was to do, and ended with code 0. */
  run(order: ForkOrder): Promise<boolean>;
}

export interface SpawnerOptions {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly log: Log;
  /** @default where it pays, which is asked each time */
  readonly usesSpawner?: boolean;
}

export function openSpawner({ stateDir, clock, log, usesSpawner }: SpawnerOptions): Spawner {
  let current: Promise<Standing | null> | null = null;
  let closed = false;
  let hasStood = false;

  async function start(): Promise<Standing | null> {
    try {
      const child = await startSpawner(stateDir, clock);
      if (!child.connected) throw spawnerGone();
      hasStood = true;
      return stand(child, clock, () => {
        current = null;
        if (!closed) log.warn({ pid: child.pid ?? null }, 'the spawner has ended; the next launch starts another');
      });
    } catch (error) {
      // The first is not tried again: what we took for a Node may be an application, and would come with every launch.
      if (hasStood) current = null;
      log.warn({}, `launches stop this process for a moment from now on. ${problemOf(error).message}`);
      return null;
    }
  }
  return {
    async standing() {
      if (closed || !(current || (usesSpawner ?? isForkDear()))) return null;
      current ??= start();
      return current;
    },
    async close() {
      closed = true;
      await (await current)?.close();
    },
  };
}

async function startSpawner(stateDir: string, clock: Clock): Promise<ChildProcess> {
  const program = installScript(stateDir, 'spawner', SPAWNER_PROGRAM, 'cjs');
  // Without the variable an Electron would be the application again. Nothing that the spawner starts inherits it.
  const env = { ELECTRON_RUN_AS_NODE: '1' };
  const child = await startDetached([program], { cwd: '/', env, output: 'ignore' });
  const { promise, resolve, reject } = Promise.withResolvers<ChildProcess>();
  const what = 'start the spawner';
  const refuse = (reason: string) => reject(new LaunchRefused({ what, errno: 'EAGAIN', reason }));
  const cancel = clock.setTimer(ANSWERS_WITHIN_MS, () => refuse(`it was not there within ${ANSWERS_WITHIN_MS} ms.`));
  child.on('error', (error) => reject(refusalOf(what, error)));
  child.once('exit', (code, signal) => refuse(`it ended by ${signal ?? `code ${code}`}.`));
  child.once('message', () => resolve(child));
  try {
    return await promise;
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    cancel();
  }
}

interface Standing extends Forks {
  close(): Promise<void>;
}

interface Ordered {
  readonly begun: PromiseWithResolvers<number>;
  readonly ended: PromiseWithResolvers<string>;
  isAnswered: boolean;
}

/** Speaks with a spawner that is ready, until its channel is closed. */
function stand(child: ChildProcess, clock: Clock, gone: () => void): Standing {
  const orders = new Map<number, Ordered>();
  const wait = openPatience(clock, () => child.kill('SIGKILL'));
  let last = 0;

  function answer(order: Ordered, settle: () => void): void {
    if (order.isAnswered) return;
    order.isAnswered = true;
    settle();
    wait(-1);
  }
  function hear(news: SpawnerNews): void {
    const order = 'id' in news ? orders.get(news.id) : undefined;
    if (!order || 'ready' in news) return;
    if (!('begun' in news)) orders.delete(news.id);
    if ('ended' in news) order.ended.resolve(news.ended);
    else if ('begun' in news) answer(order, () => order.begun.resolve(news.begun));
    else answer(order, () => order.begun.reject(Object.assign(new Error(news.failed.message), news.failed)));
  }

  child.on('message', hear);
  // The last of what it had to say has come before this, however it ended.
  child.once('disconnect', () => {
    for (const order of orders.values()) {
      answer(order, () => order.begun.reject(spawnerGone()));
      order.ended.resolve('what nobody saw');
    }
    orders.clear();
    gone();
  });
  child.unref();
  child.channel?.unref();

  function send(order: SpawnerOrder, socket: Socket | undefined, failed: () => void): void {
    child.send(order, socket, (error) => {
      if (error) failed();
    });
  }
  function fork({ words, cwd, env }: ForkOrder, files: readonly OpenFile[] = [], socket?: Socket): Fork {
    const order = { begun: Promise.withResolvers<number>(), ended: Promise.withResolvers<string>(), isAnswered: false };
    const sent: SpawnOrder = { id: ++last, words, cwd, env, files };
    orders.set(sent.id, order);
    wait(1);
    send(sent, socket, () => answer(order, () => order.begun.reject(spawnerGone())));
    const kill = () => send({ kill: sent.id }, undefined, () => {});
    return { begun: order.begun.promise, ended: order.ended.promise, kill };
  }

  return {
    fork,
    async run(order) {
      wait(1);
      const { begun, ended } = fork(order);
      try {
        await begun;
        return (await ended) === 'code 0';
      } catch {
        return false;
      } finally {
        wait(-1);
      }
    },
    close: () => letGo(child, clock),
  };
}

/** Is told that one more waits for an answer, or one fewer, and gives up when none comes for long. */
function openPatience(clock: Clock, giveUp: () => void): (change: 1 | -1) => void {
  let waiting = 0;
  let cancel = (): void => {};
  return (change) => {
    waiting += change;
    // Whoever comes later does not give it more time for the first answer.
    if (change === 1 && waiting > 1) return;
    cancel();
    cancel = waiting > 0 ? clock.setTimer(ANSWERS_WITHIN_MS, giveUp) : () => {};
  };
}

async function letGo(child: ChildProcess, clock: Clock): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  child.once('exit', () => resolve());
  if (child.connected) child.disconnect();
  const cancel = clock.setTimer(GONE_WITHIN_MS, () => child.kill('SIGKILL'));
  await promise.finally(cancel);
}

const spawnerGone = (): LaunchRefused =>
  new LaunchRefused({ what: 'start the launcher', errno: 'EAGAIN', reason: 'the spawner ended before it answered.' });
