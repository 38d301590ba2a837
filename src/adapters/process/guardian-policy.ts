import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import type { ExitReport } from '../../machines/vocabulary.ts';
import type { ProgramSpec } from './environment.ts';
import { readRecord } from './record.ts';
import { RUN_ID, type RunPaths, runPaths, runsDirectory } from './run-directory.ts';

/** May live on without us: the guardian has nothing to do with it. */
const ADOPT = 'adopt\n';

/**
 * What becomes of a run when the orchestrator dies, in the words of the guardian.
 *
 * Times are in hundredths of a second, because that is how a shell can read a clock. A spec that leaves the policy open
 * is one that nobody opened with `openReeve`, and lives on.
 */
export function policyLine(
  { onOrchestratorDeath: policy = 'adopt', stop, keepDescendants }: ProgramSpec,
  marker: string,
): string {
  if (policy === 'adopt') return ADOPT;
  const ticks = (ms: number) => Math.ceil(ms / 10);
  const [when, ttlMs] = policy === 'stop' ? ['stop', 0] : ['lease', policy.lease];
  const signal = stop.signal.replace(/^SIG/, '');
  const rest = keepDescendants ? 'keep' : 'sweep';
  return `${when} ${ticks(ttlMs)} ${ticks(stop.grace)} ${signal} ${rest} ${marker}\n`;
}

export const needsGuardian = (policy: string): boolean => policy !== ADOPT;

/** Whether anything may still run here that is not to outlive its orchestrator. */
export function hasGuardedRuns(stateDir: string): boolean {
  const runIds = readdirSync(runsDirectory(stateDir)).filter((name) => RUN_ID.test(name));
  return runIds.some((runId) => {
    const paths = runPaths(stateDir, runId);
    return existsSync(paths.policy) && needsGuardian(readFileSync(paths.policy, 'latin1')) && !hasEnded(paths);
  });
}

const hasEnded = ({ record }: RunPaths): boolean => (readRecord(record)?.exit ?? null) !== null;

/** What the guardian did to a run, and when. */
export interface GuardianWord {
  readonly by: NonNullable<ExitReport['by']>;
  readonly atMs: number;
}

/** `null`: it had nothing to do with the end of this run. */
export function guardianWordOn({ guardian }: RunPaths): GuardianWord | null {
  if (!existsSync(guardian)) return null;
  const by = readFileSync(guardian, 'latin1').startsWith('lease ') ? 'lease' : 'orchestrator-death';
  return { by, atMs: Math.round(statSync(guardian).mtimeMs) };
}
