import { problemOf } from '../../machines/errors.ts';
import type { Json, Problem, UnitId } from '../../machines/vocabulary.ts';
import type { Entry, JournalQuery, Snapshot, Store, UnitRow } from '../rows.ts';

/** The state of a unit after its last entry; or, for this unit and no other, why nobody can tell it (I11). */
export type UnitState =
  | ({ readonly unit: UnitRow; readonly unreadable: null } & Omit<Snapshot, 'unitId'>)
  | { readonly unit: UnitRow; readonly unreadable: Problem };

/**
 * The states of all units as they are recorded, in the order in which the units were added.
 *
 * Needs no machine and no orchestrator: a state is the newest snapshot that can be read and the patches after it.
 */
export function loadStates(store: Pick<Store, 'units' | 'snapshots' | 'journal' | 'firstAseq'>): readonly UnitState[] {
  return store.units().map((unit) => {
    try {
      const firstAseq = store.firstAseq(unit.id) ?? 1;
      const state = stateThrough(store, { unitId: unit.id, firstAseq, throughSeq: Number.MAX_SAFE_INTEGER });
      if ('reason' in state) return { unit, unreadable: unreadable(unit.id, state.reason) };
      const { unitId: _, ...rest } = state;
      return { unit, unreadable: null, ...rest };
    } catch (error) {
      return { unit, unreadable: unreadable(unit.id, problemOf(error).message) };
    }
  });
}

const unreadable = (unitId: UnitId, reason: string): Problem => ({
  code: 'StateUnreadable',
  message: `Cannot tell the state of ${unitId}: ${reason}.`,
  hint: `Its process, if there is one, was left alone. \`reeve restart ${unitId}\` begins again with a new run.`,
});

interface History {
  snapshots(unitId: UnitId): readonly (Snapshot | null)[];
  journal(query: JournalQuery): Iterable<Entry>;
}

interface Point {
  readonly unitId: UnitId;
  /** The first entry of the unit as it is now. Its patch is the whole context. */
  readonly firstAseq: number;
  readonly throughSeq: number;
}

/** The state of a unit after its last entry up to `throughSeq`; from the nearest snapshot that leads there. */
export function stateThrough(
  history: History,
  { unitId, firstAseq, throughSeq }: Point,
): Snapshot | { reason: string } {
  const snapshots = history.snapshots(unitId).filter((snapshot) => snapshot === null || snapshot.seq <= throughSeq);
  const reasons: string[] = [];
  for (const start of [...snapshots, firstAseq]) {
    const state = start === null ? 'a snapshot is damaged' : fold(history, unitId, start, throughSeq);
    if (typeof state !== 'string') return state;
    reasons.push(state);
  }
  return { reason: [...new Set(reasons)].join('; ') };
}

/** From a snapshot, or from the beginning, named by its `aseq`. Answers with words where the way is interrupted. */
function fold(history: History, unitId: UnitId, start: Snapshot | number, throughSeq: number): Snapshot | string {
  const base = typeof start === 'number' ? null : start;
  let aseq = typeof start === 'number' ? start - 1 : start.aseq;
  let last: Entry | null = null;
  const context: Record<string, Json> = { ...base?.context };
  try {
    for (const entry of history.journal({ unitId, afterSeq: base?.seq ?? 0, throughSeq })) {
      if (entry.aseq <= aseq) continue;
      if (entry.aseq !== aseq + 1) return `entry ${aseq + 1} of its journal is missing`;
      Object.assign(context, entry.patch);
      aseq = entry.aseq;
      last = entry;
    }
  } catch (error) {
    return `entry ${aseq + 1} of its journal: ${problemOf(error).message}`;
  }
  if (last === null) return base ?? 'nothing of its history is left';
  const { seq, version, definition, stateHash, value } = last;
  return { unitId, seq, aseq, version, definition, stateHash, value, context };
}
