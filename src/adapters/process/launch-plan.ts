import type { DriverCall } from '../../actors/ports.ts';
import type { RunRef } from '../../machines/commands.ts';
import { type BaseEnvironment, type ProgramSpec, readEnvironment } from './environment.ts';
import { policyLine } from './guardian-policy.ts';
import { resolveCommand } from './resolve.ts';
import type { SecretKeeper } from './secrets.ts';

/** Everything about a launch that can be wrong, found out before anything is launched. */
export interface LaunchPlan {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly marker: string;
  /** For the guardian. */
  readonly policy: string;
  /** Where it shall listen. `null`: nobody said. */
  readonly port: number | null;
}

/** The variable in the environment of everything that a run starts. Never holds a secret. */
export const MARKER = 'REEVE_RUN';

/** Where a command writes what it has to say to us, a line at a time. */
export const MESSAGES = 'REEVE_MESSAGES';

export const markerOf = (ownerId: string, { unitId, runId }: RunRef): string => `${ownerId}/${unitId}/${runId}`;

interface Installation {
  readonly ownerId: string;
  readonly baseEnv: BaseEnvironment;
  readonly secrets?: SecretKeeper;
}

/**
 * @throws {CommandNotRunnable | DirectoryNotUsable | VariableNotPassable | SecretNotAvailable | EnvFileNotUsable |
 *   LaunchRefused}
 */
export function planLaunch({ run, spec }: DriverCall, { ownerId, baseEnv, secrets }: Installation): LaunchPlan {
  const program = spec as ProgramSpec;
  const env = readEnvironment(program, baseEnv, secrets ? { secrets } : {});
  const marker = markerOf(ownerId, run);
  return {
    argv: resolveCommand(program.command, program.cwd, env),
    cwd: program.cwd,
    env,
    marker,
    policy: policyLine(program, marker),
    port: null,
  };
}

/** The same launch, told where to listen. */
export const withPort = (plan: LaunchPlan, port: number | null): LaunchPlan =>
  port === null ? plan : { ...plan, port, env: { ...plan.env, PORT: String(port) } };
