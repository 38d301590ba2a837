import { join } from 'node:path';
import { openDatabase } from '../src/store/database.ts';
import { type BenchOrchestrator, openBenchOrchestrator } from './bench-orchestrator.ts';
import { type Benchmark, type Contestant, compare, cpuMicrosecondsEach } from './measure.ts';
import { inScratch } from './scratch.ts';
import { benchServers, EVENTS_PER_LIFE, lifeOf } from './workload.ts';

const BATCH = 100;

export const recordedStep: Benchmark = {
  name: 'recorded-step',
  run: ({ isQuick }) =>
    inScratch(async (directory) => {
      const lives = isQuick ? 100 : 500;
      const alone = await openBenchOrchestrator(join(directory, 'single.db'), benchServers(1));
      const crowd = await openBenchOrchestrator(join(directory, 'batched.db'), benchServers(BATCH));
      const db = openDatabase({ path: join(directory, 'rows.db') });
      try {
        const text = await anEntry(alone);
        const insert = prepareInsert(db);
        const operations = lives * EVENTS_PER_LIFE;
        const single = recording('one event a tick', alone, 1, lives);
        const batched = recording(`${BATCH} events a tick`, crowd, BATCH, lives / BATCH);
        const row = writing('one row a transaction', operations, () => insert.run(text));
        const rows = writing(`${BATCH} rows a transaction`, operations / BATCH, insertMany, BATCH);
        return await compare({ benchmark: 'recorded-step', unit: 'µs', rounds: isQuick ? 3 : 9 }, [
          [single, row],
          [batched, row],
          [batched, rows],
        ]);

        function insertMany(): void {
          db.transaction(() => {
            for (let at = 0; at < BATCH; at++) insert.run(text);
          }).immediate();
        }
      } finally {
        await alone.close();
        await crowd.close();
        db.close();
      }
    }),
};

/** Whole lives of `count` units side by side: each tick takes one event of each. */
function recording(label: string, bench: BenchOrchestrator, count: number, lives: number): Contestant {
  const ids = [...bench.orchestrator.registry.units()].map(({ id }) => id);
  const [unit] = bench.orchestrator.registry.units();
  return {
    label,
    round: () =>
      cpuMicrosecondsEach(lives * count * EVENTS_PER_LIFE, async () => {
        for (let life = 0; life < lives; life++) {
          for (const event of lifeOf(unit?.snapshot.context.generation + 1)) bench.tick(ids.map((id) => [id, event]));
          await bench.rest();
        }
      }),
  };
}

function writing(label: string, transactions: number, commit: () => void, rowsEach = 1): Contestant {
  return {
    label,
    round: () =>
      cpuMicrosecondsEach(transactions * rowsEach, () => {
        for (let count = 0; count < transactions; count++) commit();
      }),
  };
}

/** The same pragmas, because it is the same way to open; and nothing but one table with one text. */
function prepareInsert(db: ReturnType<typeof openDatabase>) {
  db.exec('CREATE TABLE rows (seq INTEGER PRIMARY KEY, entry TEXT NOT NULL) STRICT');
  return db.prepare<[string]>('INSERT INTO rows (entry) VALUES (?)');
}

/** As long as the entries that it is compared with: the mean of one life. */
async function anEntry({ orchestrator, tick, rest }: BenchOrchestrator): Promise<string> {
  const texts: string[] = [];
  const stop = orchestrator.observe((entry) => texts.push(JSON.stringify(entry)));
  for (const event of lifeOf(1)) tick([['unit-0', event]]);
  await rest();
  stop();
  const meanLength = texts.join('').length / texts.length;
  return texts.toSorted((a, b) => Math.abs(a.length - meanLength) - Math.abs(b.length - meanLength))[0] ?? '';
}
