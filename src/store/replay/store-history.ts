import { EVENT_SCHEMA } from '../../machines/events.ts';
import type { UnitId } from '../../machines/vocabulary.ts';
import type { Entry, Snapshot, Store } from '../rows.ts';
import type { UnitMoment } from './fold.ts';
import { TRACE_FORMAT, type TraceHeader } from './format.ts';
import type { EntryRange, History } from './history.ts';
import { recordedSpec } from './recorded-spec.ts';

export interface StoreHistoryOptions {
  readonly project: string;
  /** Of this reeve. */
  readonly version: string;
  readonly nowMs: number;
}

/** States of a unit that are kept at hand, once they had to be folded. */
const KEPT_MAX = 10_000;

/** The journal of a store as a history, up to its newest entry of now. Closing it closes the store. */
export function historyOf(store: Store, options: StoreHistoryOptions): History {
  return new StoreHistory(store, options);
}

class StoreHistory implements History {
  readonly header: TraceHeader;
  readonly unitIds: readonly UnitId[];
  readonly faults = [];
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly #store: Store;
  readonly #kept = new Map<UnitId, UnitMoment[]>();
  #keptCount = 0;

  constructor(store: Store, { project, version, nowMs }: StoreHistoryOptions) {
    this.#store = store;
    this.lastSeq = store.lastSeq();
    const [first] = store.journal({ limit: 1 });
    this.firstSeq = first?.seq ?? 0;
    this.unitIds = store.journaledUnits();
    const units = store.units();
    this.header = {
      reeve: 'trace',
      format: TRACE_FORMAT,
      eventSchema: EVENT_SCHEMA,
      version,
      project,
      exportedMs: nowMs,
      filter: { units: null, fromSeq: this.firstSeq, throughSeq: this.lastSeq },
      machines: store.machines(),
      specs: Object.fromEntries(
        units.map(({ id, kind, epoch, spec }) => [epoch, { unitId: id, kind, spec: recordedSpec(spec) }]),
      ),
    };
  }

  /** Retention deletes from the beginning only, so nothing is missing between the two. */
  get entryCount(): number {
    return this.lastSeq === 0 ? 0 : this.lastSeq - this.firstSeq + 1;
  }

  entries({ fromSeq = 0, throughSeq = this.lastSeq, unitId, births = false }: EntryRange = {}): Iterable<Entry> {
    return this.#store.journal({
      ...(unitId !== undefined && { unitId, births }),
      afterSeq: fromSeq - 1,
      throughSeq: Math.min(throughSeq, this.lastSeq),
    });
  }

  entry(seq: number): Entry | null {
    const [entry] = this.entries({ fromSeq: seq, throughSeq: seq });
    return entry ?? null;
  }

  seqThrough(seq: number): number {
    return seq < this.firstSeq ? 0 : Math.min(seq, this.lastSeq);
  }

  seqAt(atMs: number): number {
    let [low, high] = [this.firstSeq, this.lastSeq + 1];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.entry(middle)?.atMs ?? 0) <= atMs) low = middle + 1;
      else high = middle;
    }
    return low <= this.firstSeq ? 0 : low - 1;
  }

  base(unitId: UnitId, seq: number): UnitMoment | null {
    const kept = this.#kept.get(unitId) ?? this.#begin(unitId);
    return kept.findLast((moment) => moment.seq <= seq) ?? null;
  }

  keep(moment: UnitMoment): void {
    if (this.#keptCount >= KEPT_MAX) return;
    const kept = this.#kept.get(moment.unitId) ?? this.#begin(moment.unitId);
    const place = kept.findLastIndex(({ seq }) => seq <= moment.seq);
    if (kept[place]?.seq === moment.seq) return;
    kept.splice(place + 1, 0, moment);
    this.#keptCount++;
  }

  outputs(): readonly [] {
    return [];
  }

  close(): void {
    this.#store.close();
  }

  /** Only the base that retention has left below the first entry: the others know nothing of waits under way. */
  #begin(unitId: UnitId): UnitMoment[] {
    const [first] = this.#store.journal({ unitId, limit: 1 });
    const base = this.#store.snapshots(unitId).find((snapshot) => snapshot && isBase(snapshot, first));
    const kept = base ? [momentFrom(base, first)] : [];
    this.#kept.set(unitId, kept);
    return kept;
  }
}

const isBase = ({ aseq, seq }: Snapshot, first: Entry | undefined): boolean =>
  first === undefined || (seq < first.seq && aseq === first.aseq - 1);

/** A snapshot does not say when: not later than the entry after it. */
const momentFrom = (snapshot: Snapshot, next: Entry | undefined): UnitMoment => ({
  ...snapshot,
  atMs: next?.atMs ?? 0,
  monoMs: next?.monoMs ?? 0,
  timers: [],
  pending: [],
});
