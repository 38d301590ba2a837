/** What a unit was asked to do, in each of its lives: machines decide by it, and it is in no patch. */
import { SUPERVISOR } from '../../machines/supervisor.ts';
import type { Json, UnitId } from '../../machines/vocabulary.ts';
import type { Entry } from '../rows.ts';
import { epochOf } from './decode.ts';
import { isBirth, type UnitMoment } from './fold.ts';
import type { TraceSpec } from './format.ts';
import type { History } from './history.ts';

/** The specs of every life, found when they are needed: in the header, or where the life began. */
export class Specs {
  readonly #history: History;
  readonly #known = new Map<string, TraceSpec | null>();

  constructor(history: History) {
    this.#history = history;
    for (const [epoch, spec] of Object.entries(history.header.specs)) this.#known.set(epoch, spec);
  }

  /** `null`: nobody wrote it down. */
  of(entry: Entry, before: UnitMoment | null): TraceSpec | null {
    const epoch = entry.unitId === SUPERVISOR ? null : epochOf(entry, before);
    if (epoch === null) return null;
    if (isBirth(entry.event)) this.#learn(entry);
    return this.ofLife(entry.unitId, epoch, entry.seq);
  }

  /** Of the life that a unit led at an entry. */
  ofLife(unitId: UnitId, epoch: string, seq: number): TraceSpec | null {
    if (!this.#known.has(epoch)) this.#look(unitId, epoch, seq);
    return this.#known.get(epoch) ?? null;
  }

  #learn({ unitId, event }: Entry): void {
    if (event.type !== 'unit.added' || !('epoch' in event) || event.kind === 'supervisor') return;
    const { epoch, kind, spec } = event;
    if (isPlainObject(spec) && !this.#known.get(epoch)) this.#known.set(epoch, { unitId, kind, spec });
  }

  #look(unitId: UnitId, epoch: string, throughSeq: number): void {
    for (const entry of this.#history.entries({ unitId, throughSeq, births: true })) this.#learn(entry);
    if (!this.#known.has(epoch)) this.#known.set(epoch, null);
  }
}

const isPlainObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
