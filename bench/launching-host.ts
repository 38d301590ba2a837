/** A process that holds so many megabytes, launches jobs, and prints how long its event loop stood still for one. */
import { job, openReeve } from '../src/index.ts';
import { longestWaitMs, median } from './measure.ts';

const CHUNK_MB = 64;
const [megabytes = 0, launches = 1] = process.argv.slice(2).map(Number);

// Touched, not only asked for: what was never written has no pages that a fork had to copy the table of.
const held = Array.from({ length: megabytes / CHUNK_MB }, () => Buffer.alloc(CHUNK_MB * 2 ** 20, 1));
const reeve = await openReeve({ stateDir: `state-${process.pid}` });
const stoodStillMs: number[] = [];
for (let launch = 0; launch <= launches; launch++) {
  const waiting = longestWaitMs();
  await reeve.run(job({ id: `job-${launch}`, command: ['true'] }));
  const longestMs = await waiting.end();
  // The first one brings a guardian with it.
  if (launch > 0) stoodStillMs.push(longestMs);
}
await reeve.close();
console.log(held.length * CHUNK_MB === megabytes ? median(stoodStillMs) : Number.NaN);
