import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Benchmark, type Contestant, compare, type Finding } from './measure.ts';

const SOURCE = new URL('../src/index.ts', import.meta.url);
const BUILT = new URL('../dist/index.js', import.meta.url);

export const importing: Benchmark = {
  name: 'import',
  async run({ isQuick }): Promise<readonly Finding[]> {
    const nothing = starting('node with nothing to do', '');
    const [source, built] = [loading('from source', SOURCE), loading('built', BUILT)];
    const isBuilt = existsSync(BUILT);
    const found = await compare({ benchmark: 'import', unit: 'ms', rounds: isQuick ? 1 : 9 }, [
      [source, nothing],
      ...(isBuilt ? [[built, nothing] as const] : []),
    ]);
    return isBuilt ? found : [...found, { benchmark: 'import', skipped: 'built: there is no dist; `npm run build`' }];
  },
};

const loading = (label: string, url: URL): Contestant => starting(label, `await import(${JSON.stringify(url)})`);

/** The wall time from asking for the process to having seen it end. */
export function starting(label: string, script: string): Contestant {
  return running(label, ['--input-type=module', '--eval', script]);
}

export function running(label: string, args: readonly string[]): Contestant {
  return {
    label,
    round() {
      const startMs = performance.now();
      execFileSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
      return performance.now() - startMs;
    },
  };
}
