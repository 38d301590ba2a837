import type { Redact } from '../actors/redact.ts';
import type { GivenFunctions } from '../adapters/in-process/functions.ts';
import type { Behaviours } from '../adapters/simulation/behaviour.ts';
import type { Entry, Store } from '../store/rows.ts';

export interface SimulationOptions {
  readonly behaviours?: Behaviours;
  /** Those of the program that holds each orchestrator: they are called, and die with it. @default none */
  readonly functions?: GivenFunctions;
  /** How many pids there are. @default 30_000 */
  readonly pidsMax?: number;
  /** Where the store is. @default ':memory:' */
  readonly path?: string;
  /** Wraps the store, to watch it, or to let it fail. */
  readonly wrap?: (store: Store) => Store;
  readonly redact?: Redact;
  /** Called for every entry, after it was committed and published. */
  readonly onEntry?: (entry: Entry) => void;
}

/** The same code, or code whose machines are others than those that wrote the journal. */
export type Code = 'same' | 'newer';

/** Who comes after a crash. */
export interface Successor {
  readonly downMs: number;
  /** @default 'same' */
  readonly code?: Code;
  /** It is killed as well, after so many effects. */
  readonly effects?: number;
}
