import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { foldSteps, type History, momentAt } from '../src/store/replay/history.ts';
import { traceOf } from '../src/store/replay/trace-file.ts';
import { Verifier } from '../src/store/replay/verify.ts';
import { type Benchmark, type Contestant, compare, cpuMicrosecondsEach } from './measure.ts';
import { inScratch } from './scratch.ts';
import { writeBenchTrace } from './trace-workload.ts';

/** What a trace costs to open, to look at, to fold and to verify, beside a bare `JSON.parse` of the same lines. */
export const replay: Benchmark = {
  name: 'replay',
  run: ({ isQuick }) =>
    inScratch(async (directory) => {
      const entries = isQuick ? 2_000 : 100_000;
      const path = join(directory, 'trace.jsonl');
      writeBenchTrace(path, entries, isQuick ? 20 : 100);
      const lines = readFileSync(path, 'utf8').split('\n').filter(isEntry);
      const open = (): History => traceOf(openSync(path, 'r'), { path, allowDamaged: false });
      const each = (label: string, work: (history: History) => unknown): Contestant => ({
        label,
        async round() {
          const history = open();
          const cost = await cpuMicrosecondsEach(entries, () => void work(history));
          history.close();
          return cost;
        },
      });
      const bare = each('bare JSON.parse of its lines', () => {
        for (const line of lines) JSON.parse(line);
      });
      return compare({ benchmark: 'replay', unit: 'µs', rounds: isQuick ? 3 : 7 }, [
        [each('open, per entry', () => open().close()), bare],
        [each('fold an entry', foldAll), bare],
        [each('verify an entry', verifyAll), bare],
        [showing(open, entries), bare],
      ]);
    }),
};

function foldAll(history: History): void {
  for (const _ of foldSteps(history));
}

/** Fails if anything differs: a benchmark of what is wrong would say nothing. */
function verifyAll(history: History): void {
  const verifier = new Verifier(history);
  for (const step of foldSteps(history)) {
    const checked = verifier.check(step);
    if (checked.is !== 'same') throw new Error(`entry ${step.entry.seq} is ${JSON.stringify(checked)}`);
  }
}

const SHOWN = 200;

/** Any entry of all, with the state of its unit: jumps, as somebody who looks around does. */
function showing(open: () => History, entries: number): Contestant {
  return {
    label: 'show any entry',
    async round() {
      const history = open();
      const cost = await cpuMicrosecondsEach(SHOWN, () => {
        for (let shown = 0; shown < SHOWN; shown++) {
          const seq = 1 + ((shown * 7_919) % entries);
          momentAt(history, history.entry(seq)?.unitId ?? '', seq);
        }
      });
      history.close();
      return cost;
    },
  };
}

const isEntry = (line: string): boolean => /^\{"seq":\d+,"unitId":"[^"]*","aseq"/.test(line);
