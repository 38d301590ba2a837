import type { JournaledEvent } from '../machines/events.ts';
import type { Entry, Tick } from '../store/rows.ts';
import type { Arrival } from './arrivals.ts';
import type { UnitActor } from './unit-actor.ts';

/** One entry and what has to be done about it once it is committed. */
export interface ComputedStep {
  readonly actor: UnitActor;
  readonly event: JournaledEvent;
  readonly entry: Entry;
  readonly next: UnitActor['snapshot'];
  readonly unsnapped: number;
}

export interface ComputedTick {
  readonly tick: Tick;
  readonly steps: readonly ComputedStep[];
  /** Arrivals that led to no entry because a machine threw. Their units are not trusted any more. */
  readonly faults: readonly { readonly actor: UnitActor; readonly arrival: Arrival; readonly error: unknown }[];
  /** Arrivals for units that do not exist. */
  readonly undeliverable: readonly Arrival[];
  /** What would end a run only to begin another, which cannot begin now. */
  readonly postponed: readonly Arrival[];
}
