import { queueOf, type UnitContext } from '../machines/context.ts';
import type { SupervisorEventBody } from '../machines/events.ts';
import type { GroupStrategy, UnitSpec } from '../machines/spec.ts';
import { isUp, type QueueView, type UnitView } from '../machines/supervision.ts';
import { SUPERVISOR } from '../machines/supervisor.ts';
import { stateOf, viewOf } from '../machines/view.ts';
import type { UnitId } from '../machines/vocabulary.ts';
import { whyItWaits } from '../machines/waiting.ts';
import { QueueIndex, type Queues } from './queues.ts';
import type { UnitActor } from './unit-actor.ts';

/** A unit's snapshot as of now: in the middle of a tick that is one which nobody else has seen yet. */
export type SnapshotOf = (actor: UnitActor) => UnitActor['snapshot'];

/** Who is up and needs a unit. */
export type Needing = (id: UnitId) => UnitActor | undefined;

interface Circumstances {
  readonly queue: QueueView | null;
  readonly isStopping: boolean;
  readonly needing: Needing;
}

type UnitChanged = Extract<SupervisorEventBody, { readonly type: 'unit.changed' }>;

export type Groups = Readonly<Record<string, { readonly strategy: GroupStrategy }>>;

/** Every actor there is, by id, and who has to do with whom. Holds no state of its own but that index. */
export class Registry {
  readonly supervisor: UnitActor;
  readonly #actors = new Map<UnitId, UnitActor>();
  /** The order in which they were added, which is that of the spec. */
  readonly #places = new Map<UnitId, number>();
  /** For each id, the units that name it in `after`. */
  readonly #dependents = new Map<UnitId, Set<UnitId>>();
  readonly #members = new Map<string, Set<UnitId>>();
  readonly queues = new QueueIndex();
  #nextPlace = 0;
  #groups: Groups = {};

  constructor(supervisor: UnitActor) {
    this.supervisor = supervisor;
  }

  get(id: UnitId): UnitActor | undefined {
    return id === SUPERVISOR ? this.supervisor : this.#actors.get(id);
  }

  /** How many units there are; without the supervisor. */
  get size(): number {
    return this.#actors.size;
  }

  /** The units in the order in which they were added; without the supervisor. */
  units(): Iterable<UnitActor> {
    return this.#actors.values();
  }

  /** What is said of several units at once. What is not given stays as it was. */
  arrange({ groups, queues }: { readonly groups?: Groups | undefined; readonly queues?: Queues | undefined }): void {
    if (groups) this.#groups = groups;
    if (queues) this.queues.setSpecs(queues);
  }

  /** An actor of the same name is replaced, and keeps its place. */
  add(actor: UnitActor): void {
    const earlier = this.#actors.get(actor.id);
    if (earlier) this.#leave(earlier);
    const { after, group } = specOf(actor);
    this.#actors.set(actor.id, actor);
    if (!this.#places.has(actor.id)) this.#places.set(actor.id, this.#nextPlace++);
    for (const id of Object.keys(after)) enroll(this.#dependents, id, actor.id);
    if (group !== null) enroll(this.#members, group, actor.id);
    this.queues.follow(actor, actor.snapshot);
  }

  remove(id: UnitId): void {
    const actor = this.#actors.get(id);
    if (!actor) return;
    this.#leave(actor);
    this.#actors.delete(id);
    this.#places.delete(id);
  }

  /** Whether a change of this unit can matter to any other, or others to it. */
  concernsOthers(actor: UnitActor, snapshotOf: SnapshotOf): boolean {
    const isDependedOn = (this.#dependents.get(actor.id)?.size ?? 0) > 0;
    const isQueued = queueOf(specOf(actor)) !== null;
    const sharesFate = this.#strategyOf(specOf(actor).group) !== 'one-for-one';
    return isDependedOn || isQueued || sharesFate || isWaiting(snapshotOf(actor));
  }

  /** That a unit has changed, with all that is decided on it. `up`: how many units are not at rest, if it matters. */
  changeOf(actor: UnitActor, snapshotOf: SnapshotOf, up: number | null, needing?: Needing): UnitChanged {
    const queue = this.queueOf(actor);
    const isStopping = snapshotOf(this.supervisor).value === 'stopping';
    const views = this.#neighbourhood(actor, snapshotOf, {
      queue,
      isStopping,
      needing: needing ?? ((id) => this.needing(id, snapshotOf)),
    });
    return { type: 'unit.changed', unit: actor.id, up, views, ...(queue && { queue }) };
  }

  /** Whose turn it is, in every queue. One for each is enough: whoever gets room tells of it, and then the next can. */
  nextInLine(): readonly UnitActor[] {
    return this.#existing(this.queues.next());
  }

  /** Why a unit does not begin, in words. `''`: it waits for nothing. */
  whyItWaits(actor: UnitActor): string {
    const snapshotOf: SnapshotOf = ({ snapshot }) => snapshot;
    const surroundings = {
      viewOf: (id: UnitId) => this.#existing([id]).map((one) => this.#view(one, snapshotOf))[0],
      whyOf: (id: UnitId) => this.#existing([id]).map((one) => (one.snapshot.context as UnitContext).why)[0] ?? '',
      queueOf: () => this.queueOf(actor),
    };
    return whyItWaits(this.#view(actor, snapshotOf), surroundings);
  }

  /** The queue that a unit is in. */
  queueOf(actor: UnitActor): QueueView | null {
    const queue = this.queues.viewFor(actor);
    const isThere = (id: UnitId): boolean => !isHopeless(this.#actors.get(id) ?? actor);
    return queue && { ...queue, holders: queue.holders.filter(isThere) };
  }

  /**
   * The views that a change of this unit is decided on: what waits for it, or it for, with all that those wait for; its
   * group; whose turn it is in its queue; and, while everything is being stopped, what it needed, with one unit that
   * still needs that.
   */
  #neighbourhood(
    actor: UnitActor,
    snapshotOf: SnapshotOf,
    { queue, isStopping, needing }: Circumstances,
  ): readonly UnitView[] {
    const { after, group } = specOf(actor);
    const near = new Set<UnitId>([actor.id]);
    const next = queue?.next ? this.#actors.get(queue.next) : undefined;
    if (next) for (const id of [next.id, ...Object.keys(specOf(next).after)]) near.add(id);
    for (const needed of isStopping ? [actor.id, ...Object.keys(after)] : []) {
      near.add(needed);
      const found = needing(needed);
      if (found) near.add(found.id);
    }
    if (group !== null && this.#strategyOf(group) !== 'one-for-one') {
      for (const id of this.#members.get(group) ?? []) near.add(id);
    }
    // Whoever waits is judged by all that it waits for, whatever brought it here.
    for (const one of [...this.#existing(near), ...this.#dependentsOf(actor.id)]) {
      if (!isWaiting(snapshotOf(one))) continue;
      near.add(one.id);
      for (const needed of Object.keys(specOf(one).after)) near.add(needed);
    }
    const actors = this.#existing(near);
    return actors.sort((a, b) => this.#placeOf(a) - this.#placeOf(b)).map((one) => this.#view(one, snapshotOf));
  }

  /** A unit that is up and needs this one. Whoever does not is asked last from then on: most of them do so together. */
  needing(id: UnitId, snapshotOf: SnapshotOf): UnitActor | undefined {
    const ids = this.#dependents.get(id) ?? new Set();
    let unasked = ids.size;
    for (const one of ids) {
      const actor = this.#actors.get(one);
      if (actor && !isHopeless(actor) && isUp(stateOf(snapshotOf(actor).value))) return actor;
      if (--unasked <= 0) return undefined;
      ids.delete(one);
      ids.add(one);
    }
    return undefined;
  }

  views(snapshotOf: SnapshotOf): readonly UnitView[] {
    return [...this.#actors.values()].map((actor) => this.#view(actor, snapshotOf));
  }

  /** Units that are not at rest. */
  countUp(snapshotOf: SnapshotOf): number {
    let up = 0;
    for (const actor of this.#actors.values()) {
      if (!isHopeless(actor) && isUp(stateOf(snapshotOf(actor).value))) up++;
    }
    return up;
  }

  #view(actor: UnitActor, snapshotOf: SnapshotOf): UnitView {
    const view = viewOf(snapshotOf(actor), this.#strategyOf(specOf(actor).group));
    if (isHopeless(actor)) return { ...view, state: 'reaped', substate: 'settled' };
    // Whatever it was about to do, it does not do any more: it has to be told again.
    return actor.quarantined === null ? view : { ...view, desired: 'up' };
  }

  #strategyOf(group: string | null): GroupStrategy {
    return (group === null ? undefined : this.#groups[group]?.strategy) ?? 'one-for-one';
  }

  #dependentsOf(id: UnitId): readonly UnitActor[] {
    return this.#existing(this.#dependents.get(id) ?? []);
  }

  #existing(ids: Iterable<UnitId>): UnitActor[] {
    return [...ids].flatMap((id) => this.#actors.get(id) ?? []);
  }

  #placeOf({ id }: UnitActor): number {
    return this.#places.get(id) ?? this.#nextPlace;
  }

  #leave(actor: UnitActor): void {
    const { after, group } = specOf(actor);
    for (const other of Object.keys(after)) this.#dependents.get(other)?.delete(actor.id);
    if (group !== null) this.#members.get(group)?.delete(actor.id);
    this.queues.forget(actor);
  }
}

const specOf = ({ snapshot }: UnitActor): UnitSpec => (snapshot.context as UnitContext).spec;

/** It could not be made to end, though it was tried: nobody waits for it any more, as if it were at rest. */
const isHopeless = ({ quarantined, released }: UnitActor): boolean => quarantined !== null && released;

const isWaiting = ({ value }: UnitActor['snapshot']): boolean => stateOf(value).substate === 'waiting';

function enroll<Key>(index: Map<Key, Set<UnitId>>, key: Key, id: UnitId): void {
  const ids = index.get(key);
  if (ids) ids.add(id);
  else index.set(key, new Set([id]));
}
