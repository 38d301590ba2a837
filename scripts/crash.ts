/**
 * Kills orchestrators for a minute or two, and tells what that did to the units: nothing. `--seed N --rounds N`, and
 * `--megabytes N` for hosts that hold so much: from 200 on, a spawner forks for them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { manyUnits } from '../test/crash/many.ts';
import { playRounds, type Spread } from '../test/crash/rounds.ts';
import { endHolders } from '../test/support/host.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    rounds: { type: 'string', default: '50' },
    units: { type: 'string', default: '500' },
    megabytes: { type: 'string', default: '0' },
  },
});
const [seed, rounds, units] = [Number(values.seed), Number(values.rounds), Number(values.units)];
const megabytes = Number(values.megabytes);
console.log(`seed ${seed}, ${rounds} rounds`);

const crashes = await inDirectory((directory) => playRounds({ directory, rounds, seed, megabytes, tell: console.log }));
const many = await inDirectory((directory) => manyUnits(directory, units));

const spread = ({ count, least, median, most }: Spread): string =>
  `${count} ends, recorded ${least} to ${most} ms (median ${median} ms) after the last word of the program`;
const pids = many.samePids ? 'the same pids' : 'OTHER PIDS';
console.log(`
${crashes.rounds} SIGKILLs, ${crashes.killedWhileOpening} of them while opening; seed ${seed}
  ${crashes.runs} runs; found alive and adopted ${crashes.adoptions} times
  ${spread(crashes.latenessMs)}
  while nobody orchestrated: ${spread(crashes.unseenLatenessMs)}
${units} units: up in ${many.upMs} ms, down in ${many.downMs} ms; after a SIGKILL the next process has adopted
  all of them ${many.adoptedMs} ms after its start (${many.adoptedCpuMs} ms of CPU), with ${pids}
  descriptors per run: ${many.descriptorsPerRun.join(' and ')}; left: ${many.left.join(', ') || 'nothing'}
`);
for (const violation of crashes.violations) console.error(violation);
if (crashes.violations.length > 0 || !many.samePids || many.left.length > 0) process.exitCode = 1;

async function inDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'crash-'));
  try {
    return await use(directory);
  } finally {
    await endHolders(directory);
    rmSync(directory, { recursive: true, force: true });
  }
}
