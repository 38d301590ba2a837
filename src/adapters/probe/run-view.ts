import type { Outputs } from '../../actors/ports.ts';
import type { RunRef } from '../../machines/commands.ts';
import type { RunId } from '../../machines/vocabulary.ts';

/** What can be seen of runs from outside, without asking them anything. */
export interface RunView {
  /** How much a run has printed so far. */
  printedBytes(runId: RunId): number;
  /** The last line that a run has printed. `''`: none that can be shown. */
  lastLine(runId: RunId): Promise<string>;
  /** What a run prints from a byte on, by default from now on. Ends with the run. */
  readonly follow: Outputs['follow'];
  /** How much a run has said to us so far, in the file that it was given for that. */
  saidBytes(runId: RunId): number;
  /** What a run says to us from a byte on, by default from now on. Ends with the run. */
  readonly messages: Outputs['follow'];
  /** `true`: its command is gone, though nobody may have been told yet. */
  hasEnded(run: RunRef): boolean;
  /**
   * Which of these runs have used CPU time since they were looked at the last time, with the name of who used most of
   * it. The first look at a run only remembers. One look at the process table serves them all.
   */
  cpuUsers(runs: readonly RunRef[]): Promise<ReadonlyMap<RunId, string>>;
}

/** For probes that ask nothing but the network: nothing can be seen of any run. */
export const NO_VIEW: RunView = {
  printedBytes: () => 0,
  lastLine: async () => '',
  follow: async function* nothing() {},
  saidBytes: () => 0,
  messages: async function* nothing() {},
  hasEnded: () => false,
  cpuUsers: async () => new Map(),
};
