import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Benchmark, type Contestant, compare } from './measure.ts';
import { inScratch } from './scratch.ts';

export const memory: Benchmark = {
  name: 'memory',
  run: ({ isQuick }) =>
    inScratch((directory) => {
      const count = isQuick ? 1_000 : 10_000;
      return compare({ benchmark: 'memory', unit: 'KB', rounds: isQuick ? 1 : 3 }, [
        [
          holding('an idle unit', 'reeve', count, directory),
          holding('a bare XState actor', 'xstate', count, directory),
        ],
      ]);
    }),
};

/** A process for every round: a heap that something else has lived in says nothing. */
function holding(label: string, who: 'reeve' | 'xstate', count: number, directory: string): Contestant {
  const program = fileURLToPath(new URL('idle-units.ts', import.meta.url));
  return {
    label,
    round() {
      const bytesEach = execFileSync(process.execPath, [program, who, String(count)], {
        cwd: directory,
        encoding: 'utf8',
      });
      return Number(bytesEach) / 1_024;
    },
  };
}
