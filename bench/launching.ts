import { execFileSync } from 'node:child_process';
import { freemem } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Costs } from './launching-host.ts';
import { type Benchmark, type Contestant, compare } from './measure.ts';
import { inScratch } from './scratch.ts';

export const launching: Benchmark = {
  name: 'launching',
  async run({ isQuick }) {
    const megabytes = isQuick ? 64 : 2_048;
    if (freemem() < 2 * megabytes * 2 ** 20) {
      return [{ benchmark: 'launching', skipped: `there are no ${2 * megabytes} MB of memory to spare` }];
    }
    return inScratch(async (directory) => {
      const launches = isQuick ? 1 : 10;
      const host = (megabytes: number, spawner: boolean): (() => Costs) => {
        const fresh = () => costsOf([megabytes, launches, spawner ? 1 : 0], directory);
        if (!isQuick) return fresh;
        const once = fresh();
        return () => once;
      };
      const held = `a host that holds ${megabytes} MB`;
      const [fat, spawned, lean] = [host(megabytes, false), host(megabytes, true), host(0, false)];
      const stops = (label: string, costs: () => Costs): Contestant => ({ label, round: () => costs().stoodStillMs });
      const takes = (label: string, costs: () => Costs): Contestant => ({ label, round: () => costs().launchedMs });
      const lasts = stops('a host that holds nothing, stopped', lean);
      const takesLean = takes('a host that holds nothing, to launch', lean);
      return [
        ...(await compare({ benchmark: 'launching', unit: 'ms', rounds: isQuick ? 1 : 3 }, [
          [stops(`${held}, stopped`, fat), lasts],
          [stops(`${held} and has a spawner, stopped`, spawned), lasts],
          [takes(`${held}, to launch`, fat), takesLean],
          [takes(`${held} and has a spawner, to launch`, spawned), takesLean],
        ])),
        ...(await compare({ benchmark: 'launching', unit: 'KB', rounds: 1 }, [
          [{ label: 'a spawner', round: () => spawned().spawnerKb ?? Number.NaN }, idleNode],
        ])),
      ];
    });
  },
};

/** A process for every round: memory that was given back may be kept. */
function costsOf(words: readonly number[], directory: string): Costs {
  const program = fileURLToPath(new URL('launching-host.ts', import.meta.url));
  return JSON.parse(
    execFileSync(process.execPath, [program, ...words.map(String)], { cwd: directory, encoding: 'utf8' }),
  );
}

const idleNode: Contestant = {
  label: 'a process that has nothing to do',
  round() {
    const words = `fs.readFileSync('/proc/self/smaps_rollup', 'latin1')`;
    const program = `console.log(/Private_Dirty:\\s+(\\d+)/.exec(${words})[1])`;
    return Number(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' }));
  },
};
