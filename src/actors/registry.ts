import type { UnitContext } from '../machines/context.ts';
import type { GroupStrategy } from '../machines/spec.ts';
import { isUp, type UnitView } from '../machines/supervision.ts';
import { SUPERVISOR } from '../machines/supervisor.ts';
import { viewOf } from '../machines/view.ts';
import type { UnitId } from '../machines/vocabulary.ts';
import type { UnitActor } from './unit-actor.ts';

/** A unit's snapshot as of now: in the middle of a tick that is one which nobody else has seen yet. */
export type SnapshotOf = (actor: UnitActor) => UnitActor['snapshot'];

/** Every actor there is, by id, and who has to do with whom. Holds no state of its own but that index. */
export interface Registry {
  readonly supervisor: UnitActor;
  get(id: UnitId): UnitActor | undefined;
  /** The units in the order in which they were added; without the supervisor. */
  units(): Iterable<UnitActor>;
  add(actor: UnitActor): void;
  remove(id: UnitId): void;
  strategyOf(group: string | null): GroupStrategy;
  setGroups(groups: Readonly<Record<string, { readonly strategy: GroupStrategy }>>): void;
  /** Whether a change of this unit can matter to any other. */
  concernsOthers(actor: UnitActor): boolean;
  /** The unit, what it waits for, what waits for it (with what else that waits for), and its group. */
  neighbourhood(actor: UnitActor, snapshotOf: SnapshotOf): readonly UnitView[];
  views(snapshotOf: SnapshotOf): readonly UnitView[];
  countUp(snapshotOf: SnapshotOf): number;
}

const contextOf = (actor: UnitActor): UnitContext => actor.snapshot.context;

export function createRegistry(supervisor: UnitActor): Registry {
  const actors = new Map<UnitId, UnitActor>();
  /** For each id, the units that name it in `after`. */
  const dependents = new Map<UnitId, Set<UnitId>>();
  const members = new Map<string, Set<UnitId>>();
  let groups: Readonly<Record<string, { readonly strategy: GroupStrategy }>> = {};
  const strategyOf = (group: string | null): GroupStrategy =>
    (group === null ? undefined : groups[group]?.strategy) ?? 'one-for-one';

  const registry: Registry = {
    supervisor,
    get: (id) => (id === SUPERVISOR ? supervisor : actors.get(id)),
    units: () => actors.values(),
    strategyOf,
    setGroups(next) {
      groups = next;
    },
    add(actor) {
      const { after, group } = contextOf(actor).spec;
      actors.set(actor.id, actor);
      for (const id of Object.keys(after)) enroll(dependents, id, actor.id);
      if (group !== null) enroll(members, group, actor.id);
    },
    remove(id) {
      const actor = actors.get(id);
      if (!actor) return;
      const { after, group } = contextOf(actor).spec;
      actors.delete(id);
      for (const other of Object.keys(after)) dependents.get(other)?.delete(id);
      if (group !== null) members.get(group)?.delete(id);
    },
    concernsOthers(actor) {
      const { after, group } = contextOf(actor).spec;
      return (
        Object.keys(after).length > 0 ||
        (dependents.get(actor.id)?.size ?? 0) > 0 ||
        (group !== null && strategyOf(group) !== 'one-for-one')
      );
    },
    neighbourhood(actor, snapshotOf) {
      const { after, group } = contextOf(actor).spec;
      const near = new Set<UnitId>([actor.id, ...Object.keys(after), ...(dependents.get(actor.id) ?? [])]);
      for (const id of [...near]) {
        if (id === actor.id) continue;
        const other = actors.get(id);
        if (other && id in after) for (const dependent of dependents.get(id) ?? []) near.add(dependent);
        else if (other) for (const needed of Object.keys(contextOf(other).spec.after)) near.add(needed);
      }
      if (group !== null && strategyOf(group) !== 'one-for-one')
        for (const id of members.get(group) ?? []) near.add(id);
      return [...actors.values()].filter(({ id }) => near.has(id)).map((one) => view(one, snapshotOf));
    },
    views: (snapshotOf) => [...actors.values()].map((actor) => view(actor, snapshotOf)),
    countUp(snapshotOf) {
      let up = 0;
      for (const actor of actors.values()) {
        const isHopeless = actor.quarantined !== null && actor.released;
        if (!isHopeless && isUp(view(actor, snapshotOf))) up++;
      }
      return up;
    },
  };
  return registry;

  function view(actor: UnitActor, snapshotOf: SnapshotOf): UnitView {
    return viewOf(snapshotOf(actor), strategyOf(contextOf(actor).spec.group));
  }
}

function enroll<Key>(index: Map<Key, Set<UnitId>>, key: Key, id: UnitId): void {
  const ids = index.get(key);
  if (ids) ids.add(id);
  else index.set(key, new Set([id]));
}
