import type { OutcomeKind } from './outcome.ts';
import type { GroupStrategy, Requirement } from './spec.ts';
import type { Desired, TopState, UnitId, UnitKind } from './vocabulary.ts';

/** What the supervisor sees of a unit. Made from the unit's own state, never kept. */
export interface UnitView {
  readonly id: UnitId;
  readonly kind: UnitKind;
  readonly state: TopState;
  readonly substate: string | null;
  readonly ready: boolean;
  readonly desired: Desired;
  readonly outcome: OutcomeKind | null;
  readonly generation: number;
  readonly after: Readonly<Record<UnitId, Requirement>>;
  readonly group: string | null;
  readonly strategy: GroupStrategy;
}
