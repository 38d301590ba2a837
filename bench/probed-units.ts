/**
 * A process that asks every second whether somebody listens on each of these ports, one way or the other, for so long.
 * It prints `now` when it begins to measure, and then what a question cost in microseconds of CPU time.
 *
 * `probed-units.ts <reeve|bare> <seconds> <ports>`
 */
import { createConnection } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Driver, Reporter } from '../src/actors/ports.ts';
import { systemProbes } from '../src/adapters/probe/probes.ts';
import { systemClock } from '../src/adapters/system/clock.ts';
import { decodeUnit } from '../src/machines/spec.ts';
import { mute, openMuteOrchestrator, SILENT } from './bench-orchestrator.ts';
import { HANDLE } from './workload.ts';

const EVERY_MS = 1_000;
/** Connections are made, code is compiled. */
const WARM_UP_MS = 1.2 * EVERY_MS;

const [who, seconds = '1', list = ''] = process.argv.slice(2);
const ports = list.split(',').map(Number);

const { close, entries, lastEntry } = who === 'reeve' ? await orchestrated() : bare();
await pause(WARM_UP_MS);
console.log('now');
const [before, quiet] = [process.cpuUsage(), entries()];
await pause(Number(seconds) * 1_000);
const { user, system } = process.cpuUsage(before);
if (entries() !== quiet) throw new Error(`units that are well have left ${entries() - quiet} entries: ${lastEntry()}`);
await close();
console.log((user + system) / (ports.length * Number(seconds)));

interface Asking {
  close(): void | Promise<void>;
  entries(): number;
  lastEntry(): string;
}

async function orchestrated(): Promise<Asking> {
  const clock = systemClock();
  let report: Reporter = () => {};
  const driver: Driver = {
    ...mute,
    async connect(reporter) {
      report = reporter;
    },
    async launch({ run: { unitId, generation }, seq }) {
      const launched = { type: 'run.launched', generation, handle: HANDLE, startedMs: 1, adopted: false } as const;
      report({ unitId, cause: seq, fact: launched });
    },
  };
  const probes = systemProbes({ clock, log: SILENT });
  const { orchestrator, store } = await openMuteOrchestrator(`probed-${process.pid}.db`, { clock, probes, driver });
  // That a unit has become stable is an entry; here it is one before it is measured.
  const rest = { command: 'x', restart: { stableAfter: 1 } };
  orchestrator.add(ports.map((tcp) => decodeUnit({ id: `u${tcp}`, ...rest, alive: { tcp, every: EVERY_MS } })));
  // As units start: not all in the same millisecond.
  for (const port of ports) {
    orchestrator.recorder.accept(`u${port}`, { type: 'start.requested', requestId: null, by: 'bench' });
    await pause(EVERY_MS / ports.length);
  }
  return { close: () => orchestrator.close(), entries: () => store.lastSeq(), lastEntry };

  function lastEntry(): string {
    const [entry] = store.journal({ afterSeq: store.lastSeq() - 1 });
    return JSON.stringify(entry?.event);
  }
}

function bare(): Asking {
  let isOver = false;
  const ask = (port: number): void => {
    if (isOver) return;
    const begunMs = performance.now();
    const socket = createConnection({ port, host: '127.0.0.1' });
    const late = setTimeout(() => socket.destroy(new Error(`no answer from ${port}`)), EVERY_MS);
    socket.on('error', (error) => {
      throw error;
    });
    socket.on('connect', () => {
      clearTimeout(late);
      socket.destroy();
      setTimeout(ask, begunMs + EVERY_MS - performance.now(), port);
    });
  };
  for (const [index, port] of ports.entries()) setTimeout(ask, (index * EVERY_MS) / ports.length, port);
  return {
    entries: () => 0,
    lastEntry: () => '',
    close() {
      isOver = true;
    },
  };
}
