import type { Clock, Driver, Log, Outputs } from '../../actors/ports.ts';
import type { RunRef } from '../../machines/commands.ts';
import type { RunView } from './activity-view.ts';
import type { BaseEnvironment } from './environment.ts';
import type { ExecForUnits } from './exec-for-units.ts';
import type { SecretKeeper } from './secrets.ts';

export interface ProcessDriverOptions {
  readonly stateDir: string;
  /** Names this installation in the marker of everything it starts. */
  readonly ownerId: string;
  readonly clock: Clock;
  readonly log: Log;
  /** What units may inherit from: usually `process.env`. */
  readonly baseEnv: BaseEnvironment;
  /** Is told every secret that a command is given: what is written down must not hold it. */
  readonly secrets?: SecretKeeper;
  /** Takes the secrets out of what is quoted of other processes, before it is cut to a length that can be shown. */
  readonly redact?: (text: string) => string;
  /** Where the programs are that our scripts need. @default where systems keep them, whatever PATH says */
  readonly toolsPath?: string;
  /** Whether a small process forks for us. @default where our own memory makes a fork dear */
  readonly usesSpawner?: boolean;
}

export interface ProcessRunner extends Driver {
  readonly outputs: Outputs;
  /** What runs when the driver is closed is left on purpose, whatever becomes of it when we die. */
  leave(): void;
  /** What can be seen of runs from outside. */
  readonly view: RunView;
  /** Runs a short command where its unit runs. It ends with us, however we end. */
  readonly exec: ExecForUnits;
  /** Why who listens on a port here is no process of this run, in words. `null`: it is one, or nobody can tell. */
  whyNotOurs(run: RunRef, port: number): Promise<string | null>;
}
