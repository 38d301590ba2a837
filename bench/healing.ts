import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { orphanedRuns } from '../src/adapters/process/orphans.ts';
import {
  type Benchmark,
  type Comparison,
  type Contestant,
  compare,
  cpuMicrosecondsEach,
  longestWaitMs,
  median,
} from './measure.ts';

const OWNER = 'bench';

/** To look for what outlived its run: what it costs for a process that is there, and how long others have to wait. */
export const healing: Benchmark = {
  name: 'healing',
  async run({ isQuick }) {
    const sleepers = await startSleepers(isQuick ? 50 : 1_000);
    try {
      const household = { ownerId: OWNER, openRuns: sleepers.map((_, index) => `e.${index}`), sparedUnits: [] };
      const held = { ours: [] as number[], peer: [] as number[] };
      const looking = (label: string, holds: number[], look: () => unknown): Contestant => ({
        label,
        async round() {
          const waiting = longestWaitMs();
          const cost = await cpuMicrosecondsEach(pidsNow().length, async () => void (await look()));
          holds.push(await waiting.end());
          return cost;
        },
      });
      const ours = looking('a look for strays', held.ours, () => orphanedRuns(household));
      const peer = looking('a bare read of the same environments', held.peer, readAll);
      const [cpu] = await compare({ benchmark: 'healing', unit: 'µs', rounds: isQuick ? 2 : 9 }, [[ours, peer]]);
      return cpu ? [cpu, waitBetween(held)] : [];
    } finally {
      await Promise.all(sleepers.map(end));
    }
  },
};

function waitBetween({
  ours,
  peer,
}: {
  readonly ours: readonly number[];
  readonly peer: readonly number[];
}): Comparison {
  const [mine, theirs] = [median(ours), median(peer)];
  return {
    ...{ benchmark: 'healing', unit: 'ms', ratio: mine / theirs },
    ours: { label: 'a look for strays, longest wait of others', cost: mine },
    peer: { label: 'a bare read, longest wait of others', cost: theirs },
  };
}

const pidsNow = (): readonly string[] => readdirSync('/proc').filter((name) => /^\d+$/.test(name));

function readAll(): void {
  for (const pid of pidsNow()) {
    try {
      readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    } catch {
      // It has ended meanwhile, or is not ours to read.
    }
  }
}

async function startSleepers(count: number): Promise<readonly ChildProcess[]> {
  const sleepers: ChildProcess[] = [];
  for (let index = 0; index < count; index++) {
    const env = { ...process.env, REEVE_RUN: `${OWNER}/unit-${index}/e.${index}` };
    const child = spawn('sleep', ['1000'], { env, stdio: 'ignore' });
    await once(child, 'spawn');
    sleepers.push(child);
  }
  return sleepers;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
