/** A process that makes so many idle units, one way or the other, and prints how many bytes of heap each one takes. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createActor } from 'xstate';
import { serverMachine } from '../src/machines/life.ts';
import { openBenchOrchestrator } from './bench-orchestrator.ts';
import { benchServers } from './workload.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const [who, count = '1'] = process.argv.slice(2);

// The first one brings the code with it, which is no unit's own.
const first = await make(1);
collectGarbage();
const before = process.memoryUsage().heapUsed;
const all = await make(Number(count));
collectGarbage();
console.log((process.memoryUsage().heapUsed - before) / Number(count));
await all.close();
await first.close();

async function make(units: number): Promise<{ close(): unknown }> {
  if (who === 'reeve') return openBenchOrchestrator(`idle-${process.pid}-${units}.db`, benchServers(units));
  const actors = benchServers(units).map((spec) =>
    createActor(serverMachine, { input: { id: spec.id, epoch: 'e1', spec } }).start(),
  );
  return {
    close() {
      for (const actor of actors) actor.stop();
    },
  };
}
