/**
 * The spawner: a small program that starts others for a host to which each fork is dear. This text is its only source,
 * so that it is there wherever we are: in a bundle, in an archive, beside no file of ours.
 *
 * It knows of no run, and decides nothing: it is told what to start, and tells what became of it.
 *
 * - One order in a turn of the loop: that the host is gone is heard between two of them, and the rest is not begun.
 * - What is open in whoever it starts is opened here, by path: nothing but the channel is shared with the host.
 * - Nothing is created: what is not there any more was taken away, and with it the reason to start anything.
 * - Reading moves a descriptor on (`skip`): what a program writes comes after what is there already.
 * - A socket that comes with an order is input and output of what is started, and nobody else's from then on.
 * - `send` with a callback: without one, the death of the host meanwhile would be an error that nobody catches.
 */
export const SPAWNER_PROGRAM = `'use strict';
const { spawn } = require('node:child_process');
const { closeSync, openSync, readSync } = require('node:fs');

const orders = [];
const running = new Map();
const tell = (news) => process.send(news, () => {});

process.on('disconnect', () => process.exit());
process.on('message', (order, socket) => {
  socket?.on('error', () => {});
  if (order.kill) running.get(order.kill)?.kill('SIGKILL');
  else if (orders.push([order, socket]) === 1) setImmediate(next);
});
tell({ ready: true });

function next() {
  start(...orders[0]);
  orders.shift();
  if (orders.length > 0) setImmediate(next);
}

function start({ id, words: [file, ...args], cwd, env, files }, socket) {
  const opened = [];
  const fail = ({ code, message }) => tell({ id, failed: { code, message } });
  try {
    const stdio = [socket, socket];
    for (const { path, flags, skip, as } of files) {
      const descriptor = openSync(path, flags);
      opened.push(descriptor);
      if (skip > 0) readSync(descriptor, Buffer.alloc(skip));
      for (const number of as) stdio[number] = descriptor;
    }
    const child = spawn(file, args, { cwd, env, stdio: Array.from(stdio, (slot) => slot ?? 'ignore'), detached: true });
    running.set(id, child);
    child.once('spawn', () => tell({ id, begun: child.pid }));
    child.once('error', fail);
    child.once('exit', (code, signal) => {
      running.delete(id);
      tell({ id, ended: signal ?? 'code ' + code });
    });
  } catch (error) {
    fail(error);
  } finally {
    socket?.destroy();
    for (const descriptor of opened) closeSync(descriptor);
  }
}
`;

/** What the spawner is told: to start something, or to kill what it has started. */
export type SpawnerOrder = SpawnOrder | { readonly kill: number };

export interface SpawnOrder {
  readonly id: number;
  readonly words: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly files: readonly OpenFile[];
}

/** What a program finds open, as which descriptors. Of 0, 1 and 2, what is not named is `/dev/null`. */
export interface OpenFile {
  readonly path: string;
  /** As open(2) has them. */
  readonly flags: number;
  /** So many bytes are passed over. */
  readonly skip: number;
  readonly as: readonly number[];
}

/** What the spawner tells. */
export type SpawnerNews =
  | { readonly ready: true }
  | { readonly id: number; readonly begun: number }
  | { readonly id: number; readonly failed: { readonly code?: string; readonly message: string } }
  | { readonly id: number; readonly ended: string };
