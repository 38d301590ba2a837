import { nearest } from '../machines/spec/nearest.ts';
import { STATES } from '../machines/vocabulary.ts';
import { InvalidOption } from './errors.ts';
import type { Milestone, OpenOptions } from './types.ts';

const OPTIONS: Readonly<Record<keyof OpenOptions, true>> = {
  stateDir: true,
  units: true,
  groups: true,
  queues: true,
  name: true,
  start: true,
  logger: true,
  clock: true,
  durability: true,
  onOrchestratorDeath: true,
  env: true,
};

/** For programs without types: a misspelt `stateDir` must not open another directory than was meant. */
export function assertOptions(options: OpenOptions): void {
  for (const key of Object.keys(options)) {
    if (Object.hasOwn(OPTIONS, key)) continue;
    throw new InvalidOption({ what: `openReeve has no option "${key}"`, meant: nearest(key, Object.keys(OPTIONS)) });
  }
}

const MILESTONES: readonly string[] = [...STATES, 'ready', 'finished', 'settled'] satisfies readonly Milestone[];

/** A unit would be waited for in vain. */
export function assertMilestone(milestone: string): void {
  if (MILESTONES.includes(milestone)) return;
  throw new InvalidOption({ what: `no unit can become "${milestone}"`, meant: nearest(milestone, MILESTONES) });
}
