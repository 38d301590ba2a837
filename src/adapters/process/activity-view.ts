import type { Clock, Outputs } from '../../actors/ports.ts';
import type { RunRef } from '../../machines/commands.ts';
import type { RunId } from '../../machines/vocabulary.ts';
import { conditionOf } from '../system/identity.ts';
import { cpuSight } from './activity-cpu.ts';
import { lastWords } from './last-words.ts';
import { followFile, sizeOf } from './output-follow.ts';
import { runPaths } from './run-directory.ts';

/** What can be seen of runs from outside, for those who watch them. */
export interface RunView {
  printedBytes(runId: RunId): number;
  lastLine(runId: RunId): Promise<string>;
  readonly follow: Outputs['follow'];
  saidBytes(runId: RunId): number;
  readonly messages: Outputs['follow'];
  hasEnded(run: RunRef): boolean;
  cpuUsers(runs: readonly RunRef[]): Promise<ReadonlyMap<RunId, string>>;
}

export interface ViewOptions {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly ownerId: string;
  readonly redact?: (text: string) => string;
}

export function runView({ stateDir, clock, ownerId, redact = (text) => text }: ViewOptions, outputs: Outputs): RunView {
  const outOf = (runId: RunId): string => runPaths(stateDir, runId).out;
  const messagesOf = (runId: RunId): string => runPaths(stateDir, runId).messages;
  return {
    printedBytes: (runId) => sizeOf(outOf(runId)),
    lastLine: async (runId) => lastWords(outOf(runId), redact, 1),
    follow: outputs.follow,
    saidBytes: (runId) => sizeOf(messagesOf(runId)),
    messages: (runId, options) => followFile(messagesOf(runId), runPaths(stateDir, runId), clock, options),
    hasEnded: ({ handle }) => handle?.identity != null && conditionOf(handle.identity) === 'gone',
    cpuUsers: cpuSight({ ownerId, redact }),
  };
}
