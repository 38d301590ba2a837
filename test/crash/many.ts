import { type Ending, leftIn, startProgram } from '../support/host.ts';

export interface ManyReport {
  /** From the start of a process to the last unit running. */
  readonly upMs: number;
  /** The same for a process that finds them all running. */
  readonly adoptedMs: number;
  /** What that took of a processor. Other programs on the machine make it little longer. */
  readonly adoptedCpuMs: number;
  readonly downMs: number;
  /** File descriptors of the process, for each run: of the one that launched them, and of the one that adopted them. */
  readonly descriptorsPerRun: readonly [number, number];
  readonly samePids: boolean;
  readonly ending: Ending;
  readonly left: readonly string[];
}

const DEADLINE_MS = 120_000;

/** Starts many units, kills the process that did, lets another adopt them, and has that stop them all. */
export async function manyUnits(stateDir: string, count: number): Promise<ManyReport> {
  const first = startProgram(stateDir, hostOf(count));
  const launched = JSON.parse(await first.said('up ', DEADLINE_MS));
  await first.end('SIGKILL');
  const second = startProgram(stateDir, hostOf(count));
  const adopted = JSON.parse(await second.said('up ', DEADLINE_MS));
  const ending = await second.end('SIGTERM', DEADLINE_MS);
  return {
    upMs: launched.wallMs,
    adoptedMs: adopted.wallMs,
    adoptedCpuMs: adopted.cpuMs,
    downMs: Number(await second.said('down ')),
    descriptorsPerRun: [launched.descriptors / count, adopted.descriptors / count],
    samePids: launched.runs.length === count && JSON.stringify(launched.runs) === JSON.stringify(adopted.runs),
    ending,
    left: await leftIn(stateDir),
  };
}

const hostOf = (count: number): string => `
  const { readdirSync } = await import('node:fs');
  const countDescriptors = () => readdirSync('/proc/self/fd').length;
  process.on('SIGTERM', async () => {
    const beganMs = performance.now();
    await reeve.close();
    console.log('down', Math.round(performance.now() - beganMs));
  });
  const descriptorsBefore = countDescriptors();
  const units = Array.from({ length: ${count} }, (_, index) =>
    server({ id: 'unit-' + index, command: ['sleep', '1000'], onOrchestratorDeath: 'adopt' }));
  const reeve = await openReeve({ stateDir, units });
  await Promise.all(reeve.units().map((unit) => unit.reached('running', { within: '100s' })));
  const { user, system } = process.cpuUsage();
  console.log('up', JSON.stringify({
    wallMs: Math.round(performance.now()),
    cpuMs: Math.round((user + system) / 1000),
    descriptors: countDescriptors() - descriptorsBefore,
    runs: reeve.status().units.map(({ id, state, run }) => [id, state, run.pid]),
  }));
`;
