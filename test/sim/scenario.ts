import type { Queues } from '../../src/actors/queues.ts';
import type { Groups } from '../../src/actors/registry.ts';
import type { Behaviours } from '../../src/adapters/simulation/behaviour.ts';
import { decodeUnit, type UnitSpec } from '../../src/machines/spec.ts';
import type { Step } from '../../src/testing/steps.ts';

/** A unit as a project file writes it: what a failure prints is short, and can be pasted into a test. */
export type UnitText = { readonly id: string; readonly kind: 'server' | 'job' | 'watcher' } & Readonly<
  Record<string, unknown>
>;

/** A world, and what happens in it. */
export interface SimScenario {
  readonly units: readonly UnitText[];
  readonly groups: Groups;
  readonly queues?: Queues;
  readonly behaviours: Behaviours;
  readonly steps: readonly Step[];
  readonly pidsMax: number;
  /** Whether the store is a file, which every orchestrator opens anew. */
  readonly onFile: boolean;
}

/** May be told to nobody (I7). Programs and systems quote it wherever they say anything. */
export const SECRET = 'correct-horse-battery';

export const specsOf = ({ units }: SimScenario): ReadonlyMap<string, UnitSpec> =>
  new Map(units.map((unit) => [unit.id, decodeUnit(unit)]));
