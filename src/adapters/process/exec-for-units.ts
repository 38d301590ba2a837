import { isFault } from '../../machines/errors.ts';
import type { UnitSpec } from '../../machines/spec.ts';
import { EnvFileNotUsable } from './env-file.ts';
import { type BaseEnvironment, type ProgramSpec, readEnvironment } from './environment.ts';
import { SecretNotAvailable } from './errors.ts';
import { type CommandEnd, type CommandOrder, execCommand, type Refusal, type Warden } from './exec.ts';
import type { SecretKeeper } from './secrets.ts';

/** A command on behalf of a unit. */
export type UnitCommand = {
  readonly unit: UnitSpec;
  /** Where its run listens, where that is known. */
  readonly port: number | null;
} & Omit<CommandOrder, 'cwd' | 'env'>;

/** Runs such a command to its end. */
export type ExecForUnits = (command: UnitCommand) => Promise<CommandEnd>;

/**
 * Runs short commands where their unit runs: in its directory, and with the environment that it is given.
 *
 * All but the marker of the run. A command that asks about a run is no part of it, and must not be ended with it.
 */
export function execForUnits(baseEnv: BaseEnvironment, secrets?: SecretKeeper, warden?: Warden): ExecForUnits {
  return async ({ unit, port, ...order }) => {
    const spec = unit as ProgramSpec;
    try {
      const env = readEnvironment(spec, baseEnv, { ...(secrets && { secrets }), port });
      return await execCommand({ ...order, cwd: spec.cwd, env }, warden);
    } catch (error) {
      if (!isFault(error)) throw error;
      // What runs has its variables since its launch: that they are out of reach now is no fault of its own.
      const isGone = error instanceof SecretNotAvailable || error instanceof EnvFileNotUsable;
      return refusedFor({ why: error.message, ours: isGone });
    }
  };
}

const refusedFor = (refused: Refusal): CommandEnd => ({
  code: null,
  signal: null,
  timedOut: false,
  tail: '',
  refused,
});
