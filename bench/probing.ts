import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Benchmark, type Comparison, type Contestant, compare, median } from './measure.ts';
import { inScratch } from './scratch.ts';

const PROGRAM = fileURLToPath(new URL('probed-units.ts', import.meta.url));
const EVERY_MS = 1_000;

export const probing: Benchmark = {
  name: 'probing',
  run: ({ isQuick }) =>
    inScratch(async (directory) => {
      const effort = isQuick ? { units: 50, seconds: 1 } : { units: 1_000, seconds: 10 };
      const late = { reeve: [] as number[], bare: [] as number[] };
      const asking = (label: string, who: 'reeve' | 'bare'): Contestant => ({
        label,
        async round() {
          const { cost, lateMs } = await ask(who, directory, effort);
          late[who].push(lateMs);
          return cost;
        },
      });
      const [ours, peer] = [asking('an orchestrator', 'reeve'), asking('a bare loop of connections', 'bare')] as const;
      const [cpu] = await compare({ benchmark: 'probing', unit: 'µs', rounds: isQuick ? 1 : 3 }, [[ours, peer]]);
      return cpu ? [cpu, lateness(late)] : [];
    }),
};

/** How much later than a second after the one before the latest question in a hundred came. */
function lateness(late: { readonly reeve: readonly number[]; readonly bare: readonly number[] }): Comparison {
  const [ours, peer] = [median(late.reeve), median(late.bare)];
  return {
    ...{ benchmark: 'probing', unit: 'ms', ratio: ours / peer },
    ours: { label: 'an orchestrator, lateness (p99)', cost: ours },
    peer: { label: 'a bare loop, lateness (p99)', cost: peer },
  };
}

/** The servers are in this process, so that they cost nobody anything who is measured. */
async function ask(who: string, cwd: string, { units, seconds }: { readonly units: number; readonly seconds: number }) {
  let lateMs: number[] = [];
  const servers = await Promise.all(Array.from({ length: units }, () => listen((late) => lateMs.push(late))));
  try {
    const ports = servers.map((server) => (server.address() as AddressInfo).port);
    const args = [PROGRAM, who, String(seconds), ports.join(',')];
    const asking = promisify(execFile)(process.execPath, args, { cwd });
    asking.child.stdout?.once('data', () => {
      // What came before was a thousand starts.
      lateMs = [];
    });
    const { stdout } = await asking;
    lateMs.sort((a, b) => a - b);
    return { cost: Number(stdout.split('\n')[1]), lateMs: lateMs[Math.floor(lateMs.length * 0.99)] ?? Number.NaN };
  } finally {
    for (const server of servers) server.close();
  }
}

/** Tells how much later than due each connection after the first one came. */
async function listen(tell: (lateMs: number) => void) {
  let lastMs: number | null = null;
  const server = createServer((socket) => {
    const nowMs = performance.now();
    // Whoever was asked late is asked again earlier after that; and a cost of nothing has no ratio.
    if (lastMs !== null) tell(Math.max(0.01, nowMs - lastMs - EVERY_MS));
    lastMs = nowMs;
    socket.on('error', () => {});
    socket.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
