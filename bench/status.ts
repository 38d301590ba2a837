import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { running, starting } from './import.ts';
import { type Benchmark, compare } from './measure.ts';
import { inScratch } from './scratch.ts';

const REEVE = fileURLToPath(new URL('../dist/reeve.js', import.meta.url));
const PROJECT = { name: 'bench', units: { sleeper: { command: ['sleep', '1000'] } } };

export const status: Benchmark = {
  name: 'status',
  async run({ isQuick }) {
    if (!existsSync(REEVE)) return [{ benchmark: 'status', skipped: 'the command is not built; `npm run build`' }];
    return inScratch(async (directory) => {
      const [live, left] = [projectIn(directory, 'live'), projectIn(directory, 'left')];
      const nothing = starting('node with nothing to do', '');
      reeve(left, 'up', '--detach');
      reeve(left, 'down');
      try {
        reeve(live, 'up', '--detach');
        return await compare({ benchmark: 'status', unit: 'ms', rounds: isQuick ? 1 : 9 }, [
          [running('asking an orchestrator', argumentsOf(live, 'status', '--json')), nothing],
          [running('reading the files', argumentsOf(left, 'status', '--json')), nothing],
        ]);
      } finally {
        reeve(live, 'down');
      }
    });
  },
};

function projectIn(parent: string, name: string): string {
  const directory = join(parent, name);
  mkdirSync(directory);
  writeFileSync(join(directory, 'reeve.json'), JSON.stringify(PROJECT));
  return directory;
}

const argumentsOf = (directory: string, ...words: readonly string[]): readonly string[] => [
  REEVE,
  ...['--directory', directory],
  ...['--state-dir', join(directory, 'state')],
  ...words,
];

function reeve(directory: string, ...words: readonly string[]): void {
  execFileSync(process.execPath, argumentsOf(directory, ...words), { stdio: ['ignore', 'ignore', 'pipe'] });
}
