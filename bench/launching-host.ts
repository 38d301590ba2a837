/**
 * A process that holds so many megabytes and launches jobs, by itself or by a spawner. Prints, as JSON, what a launch
 * cost it, and what the spawner has in memory that is nobody else's.
 */
import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { processDriver } from '../src/adapters/process/driver.ts';
import { systemClock } from '../src/adapters/system/clock.ts';
import { commandLine, readProcessTable } from '../src/adapters/system/process-table.ts';
import { decodeUnit } from '../src/machines/spec.ts';
import { longestWaitMs, median } from './measure.ts';

export interface Costs {
  /** The longest turn of the event loop around a launch. */
  readonly stoodStillMs: number;
  /** From the order to the word of who is about to become the command. */
  readonly launchedMs: number;
  /** `null`: there is none. */
  readonly spawnerKb: number | null;
}

const CHUNK_MB = 64;
const [megabytes = 0, launches = 1, spawns = 0] = process.argv.slice(2).map(Number);

// Touched, not only asked for: what was never written has no pages that a fork had to copy the table of.
const held = Array.from({ length: megabytes / CHUNK_MB }, () => Buffer.alloc(CHUNK_MB * 2 ** 20, 1));
const stateDir = resolve(`state-${process.pid}`);
const quiet = (): void => {};
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const usesSpawner = spawns === 1;
const clock = systemClock();
const driver = processDriver({ stateDir, ownerId: 'bench', clock, log, baseEnv: process.env, usesSpawner });
const facts = new EventEmitter();
await driver.connect(({ fact }) => void facts.emit(fact.type));

const spec = decodeUnit({ kind: 'job', id: 'job', command: ['true'], cwd: process.cwd() });
const [stoodStillMs, launchedMs]: [number[], number[]] = [[], []];
for (let launch = 0; launch <= launches; launch++) {
  const waiting = longestWaitMs();
  const [launched, exited] = [once(facts, 'run.launched'), once(facts, 'run.exited')];
  const beganMs = performance.now();
  const run = { unitId: 'job', runId: `job.${launch}`, generation: launch, handle: null };
  await driver.launch({ key: `${launch}.0`, seq: launch, run, spec });
  await launched;
  const toLaunchMs = performance.now() - beganMs;
  await exited;
  const longestMs = await waiting.end();
  // The first one brings FIFOs, a spawner and compiled code with it.
  if (launch === 0) continue;
  stoodStillMs.push(longestMs);
  launchedMs.push(toLaunchMs);
}
const spawner = readProcessTable().find(
  (stat) => stat.parentPid === process.pid && commandLine(stat).includes('/bin/spawner-'),
);
const costs: Costs = {
  stoodStillMs: median(stoodStillMs),
  launchedMs: median(launchedMs),
  spawnerKb: spawner ? unsharedKb(spawner.pid) : null,
};
await driver.close();
if (held.length * CHUNK_MB !== megabytes) throw new Error(`${held.length * CHUNK_MB} MB were held`);
console.log(JSON.stringify(costs));

function unsharedKb(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  return Number(/^Private_Dirty:\s+(\d+) kB$/m.exec(rollup)?.[1]);
}
