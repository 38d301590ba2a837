import { priorityOf, queueOf, type UnitContext } from '../machines/context.ts';
import type { QueueView } from '../machines/supervision.ts';
import { awaitsLaunch, stateOf } from '../machines/view.ts';
import type { UnitId } from '../machines/vocabulary.ts';
import { pop, push } from './heap.ts';
import type { UnitActor } from './unit-actor.ts';

/** How many jobs of a queue run at the same time. */
export type Queues = Readonly<Record<string, { readonly concurrency: number }>>;

/** Where a queue is used, and nothing is said about it. */
const CONCURRENCY = 1;

/** All of a snapshot that matters here. */
type Recorded = Pick<UnitActor['snapshot'], 'value' | 'context'>;

interface Turn {
  readonly id: UnitId;
  readonly priority: number;
  readonly requestedSeq: number;
}

interface Queue {
  readonly holders: Set<UnitId>;
  /** Those who wait for room, in their order. Who does not wait any more stays until its turn would have come. */
  readonly line: Turn[];
}

/**
 * Who is in which queue, and whose turn it is. An index only: what is true is in the states of the units.
 *
 * It follows a tick while that is computed, so that thousands can wait and none of them is looked at before its turn.
 * Whoever throws a tick away follows the units again as they are.
 */
export class QueueIndex {
  readonly #queues = new Map<string, Queue>();
  readonly #turns = new Map<UnitId, Turn>();
  /** Told to go on in this tick, and not there yet. */
  readonly #told = new Set<UnitId>();
  #specs: Queues = {};

  setSpecs(specs: Queues): void {
    this.#specs = specs;
  }

  /** Where a unit is now. */
  follow({ id, quarantined }: Pick<UnitActor, 'id' | 'quarantined'>, { value, context }: Recorded): void {
    const { spec, requestedSeq } = context as UnitContext;
    const isDistrusted = quarantined !== null;
    const name = queueOf(spec);
    if (name === null || this.#told.has(id)) return;
    // Whoever is not trusted cannot be told that it may go on.
    const isInLine = stateOf(value).substate === 'queued' && !isDistrusted;
    const isHolding = !awaitsLaunch(value) && stateOf(value).state !== 'reaped';
    this.#put(
      id,
      name,
      isHolding,
      isInLine ? { id, priority: priorityOf(spec), requestedSeq: requestedSeq ?? 0 } : null,
    );
  }

  /** It was told that it may go on, or may not any more: nobody else gets its place, and it is not told again. */
  tell({ id, snapshot }: UnitActor, mayGoOn: boolean): void {
    const name = queueOf((snapshot.context as UnitContext).spec);
    if (name === null) return;
    this.#put(id, name, mayGoOn, null);
    this.#told.add(id);
  }

  /** What it was told has arrived. */
  arrived(actor: UnitActor, snapshot: UnitActor['snapshot']): void {
    this.#told.delete(actor.id);
    this.follow(actor, snapshot);
  }

  /** What it is told does not reach it: it is the turn of those behind it. */
  passOver({ id }: UnitActor): void {
    this.#turns.delete(id);
  }

  forget({ id, snapshot }: UnitActor): void {
    const name = queueOf((snapshot.context as UnitContext).spec);
    this.#told.delete(id);
    if (name !== null) this.#put(id, name, false, null);
  }

  /** Everybody is where they were: what was followed since did not happen. */
  followAgain(actors: Iterable<UnitActor>): void {
    for (const held of [this.#queues, this.#turns, this.#told]) held.clear();
    for (const actor of actors) this.follow(actor, actor.snapshot);
  }

  /** Whose turn it is, in every queue in which somebody waits. */
  next(): readonly UnitId[] {
    return [...this.#queues.values()].flatMap((queue) => this.#first(queue)?.id ?? []);
  }

  /** `null`: the unit is in no queue. */
  viewFor({ snapshot }: { readonly snapshot: Pick<Recorded, 'context'> }): QueueView | null {
    const name = queueOf((snapshot.context as UnitContext).spec);
    if (name === null) return null;
    const queue = this.#queue(name);
    const concurrency = this.#specs[name]?.concurrency ?? CONCURRENCY;
    return { name, concurrency, holders: [...queue.holders], next: this.#first(queue)?.id ?? null };
  }

  #first({ line }: Queue): Turn | undefined {
    while (line[0] && this.#turns.get(line[0].id) !== line[0]) pop(line, isBefore);
    return line[0];
  }

  #put(id: UnitId, name: string, isHolding: boolean, turn: Turn | null): void {
    const { holders, line } = this.#queue(name);
    if (isHolding) holders.add(id);
    else holders.delete(id);
    const known = this.#turns.get(id);
    if (turn === null) this.#turns.delete(id);
    else if (known?.requestedSeq !== turn.requestedSeq || known.priority !== turn.priority) {
      this.#turns.set(id, turn);
      push(line, turn, isBefore);
    }
  }

  #queue(name: string): Queue {
    const known = this.#queues.get(name);
    if (known) return known;
    const queue = { holders: new Set<UnitId>(), line: [] };
    this.#queues.set(name, queue);
    return queue;
  }
}

const isBefore = (a: Turn, b: Turn): boolean =>
  a.priority > b.priority || (a.priority === b.priority && a.requestedSeq < b.requestedSeq);
