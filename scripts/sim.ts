/**
 * Lives through many seeds, and tells what that found. `--seeds N --from SEED [--keep-going] [--journal FILE]`; or,
 * with `--interleavings N`, through so many orders of the same wishes and facts.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { interleave, ROUNDS } from '../test/sim/interleavings.ts';
import { type Tried, trySeed, wordsOf } from '../test/sim/seeds.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '300' },
    from: { type: 'string', default: '1' },
    'keep-going': { type: 'boolean', default: false },
    journal: { type: 'string' },
    interleavings: { type: 'string' },
  },
});
const [seeds, from] = [Number(values.seeds), Number(values.from)];

if (values.interleavings !== undefined) {
  const lives = Math.ceil(Number(values.interleavings) / ROUNDS);
  const faults: string[] = [];
  for (let seed = from; seed < from + lives && faults.length === 0; seed++) faults.push(...(await interleave(seed)));
  console.log(faults.length === 0 ? `${lives * ROUNDS} interleavings: all green` : faults.join('\n'));
  process.exit(faults.length === 0 ? 0 : 1);
}

const failed: Tried[] = [];
const suffered = new Map<string, number>();
const total = { tried: 0, entries: 0, simulatedMs: 0, successors: 0 };
const cpuBefore = process.cpuUsage();
for (let seed = from; seed < from + seeds; seed++) {
  const tried = await trySeed(seed, { shrinks: !values['keep-going'] });
  count(tried);
  if (tried.failure === null) continue;
  failed.push(tried);
  console.error(values['keep-going'] ? `seed ${seed}: ${tried.failure.faults[0]}` : wordsOf(tried));
  if (!values['keep-going']) break;
}
const cpu = process.cpuUsage(cpuBefore);
const cpuSeconds = (cpu.user + cpu.system) / 1e6;
const kinds = [...suffered].toSorted(([one], [other]) => one.localeCompare(other));
console.log(`
${total.tried} seeds from ${from}: ${total.entries} events in ${Math.round(total.simulatedMs / 3.6e6)} simulated hours
  ${total.successors} orchestrators came after one that was killed, or had left
  ${kinds.map(([kind, times]) => `${kind} ×${times}`).join(', ') || 'no call went wrong'}
  ${Math.round(total.entries / cpuSeconds)} events per second of CPU time
${failed.length === 0 ? 'all green' : `${failed.length} FAILED: ${failed.map(({ seed }) => seed).join(' ')}`}`);
if (failed.length > 0) process.exitCode = 1;

function count({ seed, lived }: Tried): void {
  total.tried++;
  total.entries += lived.entries;
  total.simulatedMs += Math.max(0, lived.simulatedMs);
  total.successors += lived.successors;
  for (const [kind, times] of lived.suffered) suffered.set(kind, (suffered.get(kind) ?? 0) + times);
  if (values.journal !== undefined && seed === from) writeFileSync(values.journal, `${lived.journal}\n`);
}
