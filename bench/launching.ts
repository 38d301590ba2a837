import { execFileSync } from 'node:child_process';
import { freemem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Benchmark, type Contestant, compare } from './measure.ts';
import { inScratch } from './scratch.ts';

export const launching: Benchmark = {
  name: 'launching',
  async run({ isQuick }) {
    const megabytes = isQuick ? 64 : 2_048;
    if (freemem() < 2 * megabytes * 2 ** 20) {
      return [{ benchmark: 'launching', skipped: `there are no ${2 * megabytes} MB of memory to spare` }];
    }
    return inScratch((directory) => {
      const launches = isQuick ? 1 : 10;
      const fat = hosting(`a host that holds ${megabytes} MB`, megabytes, launches, directory);
      const lean = hosting('a host that holds nothing', 0, launches, directory);
      return compare({ benchmark: 'launching', unit: 'ms', rounds: isQuick ? 1 : 3 }, [[fat, lean]]);
    });
  },
};

/** A process for every round: memory that was given back may be kept. */
function hosting(label: string, megabytes: number, launches: number, directory: string): Contestant {
  const program = fileURLToPath(new URL('launching-host.ts', import.meta.url));
  const args = [program, String(megabytes), String(launches)];
  return {
    label,
    round: () => Number(execFileSync(process.execPath, args, { cwd: directory, encoding: 'utf8' })),
  };
}
