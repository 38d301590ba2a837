import { openDatabase } from '../src/store/database.ts';
import { trySeed } from '../test/sim/seeds.ts';
import { type Benchmark, type Contestant, compare, cpuMicrosecondsEach } from './measure.ts';

export const simulatedEvent: Benchmark = {
  name: 'simulated-event',
  async run({ isQuick }) {
    const seeds = isQuick ? 3 : 40;
    const db = openDatabase({ path: ':memory:' });
    try {
      const { journals, entries } = await livedOnce(seeds);
      db.exec('CREATE TABLE rows (seq INTEGER PRIMARY KEY, entry TEXT NOT NULL) STRICT');
      const insert = db.prepare<[string]>('INSERT INTO rows (entry) VALUES (?)');
      const lines = journals.flatMap((journal) => journal.split('\n'));
      const row: Contestant = {
        label: 'one row a transaction, in memory',
        round: () => cpuMicrosecondsEach(lines.length, () => lines.forEach((line) => void insert.run(line))),
      };
      const living: Contestant = {
        label: 'with everything around it',
        round: () => cpuMicrosecondsEach(entries, async () => void (await livedOnce(seeds))),
      };
      return await compare({ benchmark: 'simulated-event', unit: 'µs', rounds: isQuick ? 1 : 5 }, [[living, row]]);
    } finally {
      db.close();
    }
  },
};

/** The same seeds are the same lives, however often. */
async function livedOnce(seeds: number): Promise<{ readonly journals: readonly string[]; readonly entries: number }> {
  const journals: string[] = [];
  let entries = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const { lived } = await trySeed(seed, { shrinks: false });
    journals.push(lived.journal);
    entries += lived.entries;
  }
  return { journals, entries };
}
