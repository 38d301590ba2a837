import { EventEmitter, once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import type { Clock, ProbeCall, Report } from '../../../src/actors/ports.ts';
import { silentLog } from '../../../src/adapters/log/silent.ts';
import { type SystemProbesOptions, systemProbes } from '../../../src/adapters/probe/probes.ts';
import { NO_VIEW, type RunView } from '../../../src/adapters/probe/run-view.ts';
import { simulatedClock } from '../../../src/adapters/simulation/clock.ts';
import type { AliveSpec, ProbeTarget, ReadySpec } from '../../../src/machines/spec.ts';
import { probeFor, runOf } from '../simulation/calls.ts';

/** Real connections, simulated time: nothing here depends on how fast the machine is. */
export function probeBench(options: Partial<SystemProbesOptions> = {}) {
  const clock = simulatedClock();
  const reports: Report[] = [];
  let armed = 0;
  let check = () => {};
  // A question arms its timeout, and its answer arms the next question: so the timers tell how many were answered.
  const counting: Clock = {
    bootId: clock.bootId,
    wallMs: () => clock.wallMs(),
    monoMs: () => clock.monoMs(),
    defer: (run) => clock.defer(run),
    setTimer(ms, fire) {
      armed += 1;
      queueMicrotask(() => check());
      return clock.setTimer(ms, fire);
    },
  };
  const probes = systemProbes({ clock: counting, log: silentLog, ...options });
  const until = (isTrue: () => boolean) =>
    new Promise<void>((resolve) => {
      check = () => isTrue() && resolve();
      check();
    });
  const connected = probes.connect((report) => {
    reports.push(report);
    queueMicrotask(() => check());
  });
  return {
    clock,
    probes,
    reports,
    said: () => reports.map(({ fact }) => ('detail' in fact ? `${fact.type}: ${fact.detail}` : fact.type)),
    async start(call: ProbeCall) {
      await connected;
      await probes.start(call);
    },
    /** Until so many questions were answered since the beginning, the next one being armed. */
    answered: (questions: number) => until(() => armed === 2 * questions),
    reported: (count: number) => until(() => reports.length >= count),
  };
}

export const readyCall = (target: ProbeTarget, spec: Partial<ReadySpec> = {}): ProbeCall =>
  probeFor(runOf('api', 4), 'ready', { every: 200, timeout: 1_000, within: 30_000, ...spec, target });

export const aliveCall = (target: ProbeTarget, spec: Partial<AliveSpec> = {}): ProbeCall =>
  probeFor(runOf('api', 4), 'alive', { every: 5_000, timeout: 1_000, failures: 3, ...spec, target });

export const http = (url: string, more: { status?: number; json?: Record<string, unknown> } = {}): ProbeTarget => ({
  http: url,
  status: more.status ?? null,
  json: more.json ?? null,
});

/** A run that can be seen, and made to do what is to be seen. */
export function seenRun() {
  const heard = new EventEmitter();
  let [printed, said] = ['', ''];
  let ended = false;
  const cpu = new Map<string, string>();
  const view: RunView = {
    ...NO_VIEW,
    printedBytes: () => Buffer.byteLength(printed),
    saidBytes: () => Buffer.byteLength(said),
    lastLine: async () => printed.trimEnd().split('\n').at(-1) ?? '',
    hasEnded: () => ended,
    follow: (_, options) => follow(() => printed, options),
    messages: (_, options) => follow(() => said, options),
    async cpuUsers() {
      const users = new Map(cpu);
      cpu.clear();
      return users;
    },
  };
  async function* follow(textNow: () => string, { fromByte, signal }: Parameters<RunView['follow']>[1]) {
    let at = fromByte ?? textNow().length;
    while (!signal?.aborted) {
      const more = textNow().slice(at);
      at = textNow().length;
      if (more !== '') yield more;
      else if (ended) return;
      else await once(heard, 'change', signal ? { signal } : {}).catch(() => {});
    }
  }
  return {
    view,
    prints(more: string): void {
      printed += more;
      heard.emit('change');
    },
    /** To us, in the file that it was given for that. */
    says(more: string): void {
      said += more;
      heard.emit('change');
    },
    ends(): void {
      ended = true;
      heard.emit('change');
    },
    /** It will have used CPU time when it is looked at the next time. */
    computes: (runId: string, command: string) => void cpu.set(runId, command),
  };
}

const open = new Map<Server | TcpServer, Set<Socket>>();

/** On loopback, at a port of the system's choice. */
export async function serve(answer: RequestListener): Promise<{ readonly url: string; readonly port: number }> {
  const port = await listen(createServer(answer));
  return { url: `http://127.0.0.1:${port}`, port };
}

/** Accepts connections and says nothing. */
export const serveSilence = (host = '127.0.0.1'): Promise<number> => listen(createTcpServer(), host);

/** A port that was free a moment ago. */
export async function closedPort(): Promise<number> {
  const server = createTcpServer();
  const port = await listen(server);
  await closeServer(server);
  return port;
}

export const closeServers = () => Promise.all([...open.keys()].map(closeServer));

async function listen(server: Server | TcpServer, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<Socket>();
  open.set(server, sockets);
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function closeServer(server: Server | TcpServer): Promise<void> {
  const sockets = open.get(server) ?? [];
  open.delete(server);
  server.close();
  for (const socket of sockets) socket.destroy();
  await once(server, 'close');
}
