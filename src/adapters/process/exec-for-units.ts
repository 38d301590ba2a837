import type { RunRef } from '../../machines/commands.ts';
import { isFault } from '../../machines/errors.ts';
import type { UnitSpec } from '../../machines/spec.ts';
import { type BaseEnvironment, environmentFor, type ProgramSpec } from './environment.ts';
import { SecretNotAvailable } from './errors.ts';
import { type CommandEnd, type CommandOrder, execCommand, type Refusal } from './exec.ts';
import { resolveSecrets, type SecretKeeper } from './secrets.ts';

export interface ExecForUnitsOptions {
  /** Every unit as it is now. Asked when a unit is met for the first time. */
  readonly units: () => readonly { readonly epoch: string; readonly spec: UnitSpec }[];
  readonly baseEnv: BaseEnvironment;
  readonly secrets?: SecretKeeper;
}

/** A command on behalf of a run. */
export type UnitCommand = { readonly run: RunRef } & Omit<CommandOrder, 'cwd' | 'env'>;

/**
 * Runs short commands where their unit runs: in its directory, and with the environment that it is given.
 *
 * All but the marker of the run. A command that asks about a run is no part of it, and must not be ended with it.
 */
export function execForUnits({ units, baseEnv, secrets }: ExecForUnitsOptions) {
  /** By epoch, which is a unit's own for ever; so is its spec in that time. */
  let specs: ReadonlyMap<string, UnitSpec> = new Map();
  const specOf = ({ runId }: RunRef): UnitSpec | undefined => {
    const epoch = runId.slice(0, runId.lastIndexOf('.'));
    if (!specs.has(epoch)) specs = new Map(units().map((unit) => [unit.epoch, unit.spec]));
    return specs.get(epoch);
  };
  return async ({ run, ...order }: UnitCommand): Promise<CommandEnd> => {
    const spec = specOf(run) as ProgramSpec | undefined;
    if (!spec) return refusedFor({ why: `there is no unit ${run.unitId} any more`, ours: true });
    try {
      const env = environmentFor(spec, baseEnv, resolveSecrets(spec, baseEnv, secrets));
      return await execCommand({ ...order, cwd: spec.cwd, env });
    } catch (error) {
      if (!isFault(error)) throw error;
      // What runs has its secrets since its launch: that they are out of reach now is no fault of its own.
      return refusedFor({ why: error.message, ours: error instanceof SecretNotAvailable });
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
