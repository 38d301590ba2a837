import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { SNAPSHOT_EVERY } from '../src/actors/tick.ts';
import { openDatabase } from '../src/store/database.ts';
import { loadStates } from '../src/store/projections/states.ts';
import { openStore } from '../src/store/store.ts';
import { openBenchOrchestrator } from './bench-orchestrator.ts';
import { type Benchmark, type Contestant, compare, cpuMicrosecondsEach } from './measure.ts';
import { inScratch } from './scratch.ts';
import { benchServers, startOf, wobbleOf } from './workload.ts';

/** The most there can be: with one more, a new snapshot would be due. */
const ENTRIES_EACH = SNAPSHOT_EVERY - 1;

export const recovery: Benchmark = {
  name: 'recovery',
  run: ({ isQuick }) =>
    inScratch(async (directory) => {
      const units = isQuick ? 20 : 200;
      const path = join(directory, 'crashed.db');
      await leaveRunning(path, units);
      let copies = 0;
      const contestant = (label: string, work: (path: string) => Promise<() => unknown>): Contestant => ({
        label,
        // Opening changes a store: units are adopted. So everybody opens a copy of its own.
        async round() {
          const copy = join(directory, `copy-${++copies}.db`);
          copyFileSync(path, copy);
          let close: () => unknown = () => {};
          // Microseconds for one entry are milliseconds for a thousand.
          const cost = await cpuMicrosecondsEach(units * ENTRIES_EACH, async () => {
            close = await work(copy);
          });
          await close();
          return cost;
        },
      });
      const bare = contestant('bare read and JSON.parse', async (copy) => readRows(copy));
      return compare({ benchmark: 'recovery', unit: 'ms', rounds: isQuick ? 3 : 9 }, [
        [contestant('states of 1,000 entries', async (copy) => readStates(copy)), bare],
        [contestant('orchestrator on 1,000 entries', open), bare],
      ]);
    }),
};

/** What a crash leaves: units that run, none of which has had a snapshot for as long as can be. */
async function leaveRunning(path: string, count: number): Promise<void> {
  const { orchestrator, tick, rest, close } = await openBenchOrchestrator(path, benchServers(count));
  const ids = [...orchestrator.registry.units()].map(({ id }) => id);
  const events = [...startOf(1)];
  while (events.length < ENTRIES_EACH) events.push(...wobbleOf(1));
  for (const event of events.slice(0, ENTRIES_EACH)) tick(ids.map((id) => [id, event]));
  await rest();
  await close();
}

async function open(path: string): Promise<() => Promise<void>> {
  const { close } = await openBenchOrchestrator(path);
  return close;
}

function readStates(path: string): () => void {
  const store = openStore({ path });
  loadStates(store);
  return store.close;
}

function readRows(path: string): () => void {
  const db = openDatabase({ path });
  const columns: readonly (readonly [table: string, ...texts: string[]])[] = [
    ['units', 'spec'],
    ['snapshots', 'value', 'context'],
    ['journal WHERE aseq > 1', 'event', 'value', 'patch', 'commands'],
  ];
  for (const [table, ...texts] of columns) {
    for (const row of db.prepare<[], string[]>(`SELECT ${texts} FROM ${table}`).raw().iterate()) row.map(parse);
  }
  return () => db.close();
}

const parse = (text: string): unknown => JSON.parse(text);
