import type { Outputs } from '../actors/ports.ts';
import { processOutputs } from '../adapters/process/outputs.ts';
import { systemClock } from '../adapters/system/clock.ts';
import { SUPERVISOR } from '../machines/supervisor.ts';
import type { UnitId } from '../machines/vocabulary.ts';
import type { UnitMoment } from '../store/replay/fold.ts';
import { type History, momentAt } from '../store/replay/history.ts';
import { printState, sentenceOf } from '../store/replay/sentences.ts';
import { Specs } from '../store/replay/specs.ts';
import type { Entry } from '../store/rows.ts';
import { printedBy } from './printed.ts';
import { openSource, type TraceSource } from './trace-source.ts';
import type { Printed, Trace, TraceMoment, TraceRange, TraceUnit } from './trace-types.ts';

/**
 * Opens a history to look at it: a file that `exportTrace` wrote, or a state directory, with or without an orchestrator
 * at work in it.
 *
 * A file is read once to find its lines and to compare its hash; a million entries take a few seconds, and then any of
 * them a few milliseconds.
 *
 * **Example** (What was true when something ended)
 *
 * ```ts
 * await using reeve = await openReeve({ stateDir });
 * await reeve.run(job({ id: 'build', command: ['false'] }));
 * await using trace = await openTrace(stateDir);
 * const { seq } = why(trace, { unit: 'build', state: 'reaped' }).links[0].entry;
 * trace.at(seq).state // => 'reaped.settled'
 * (await verify(trace)).first // => null
 * ```
 *
 * @throws {NotATrace} It is something else.
 * @throws {TraceTooNew} A newer reeve wrote it.
 * @throws {TraceDamaged} It is not as it was written. `allowDamaged` opens what is left of it, and `faults` says what
 * is wrong.
 * @throws {TraceUnreadable | StoreMissing | NotAStore | SchemaTooNew | SchemaTooOld} It cannot be read at all.
 */
export async function openTrace(
  path: string,
  { allowDamaged = false }: { readonly allowDamaged?: boolean } = {},
): Promise<Trace> {
  const source = await openSource(path, allowDamaged);
  const trace = new OpenTrace(path, source);
  sources.set(trace, source);
  return trace;
}

const sources = new WeakMap<Trace, TraceSource>();

/** What is behind a trace, for what works on it. */
export function sourceOf(trace: Trace): TraceSource {
  const source = sources.get(trace);
  if (!source) throw new TypeError('This is no trace: openTrace() gives one.');
  return source;
}

class OpenTrace implements Trace {
  readonly path: string;
  readonly #history: History;
  readonly #specs: Specs;
  readonly #outputs: Outputs | null;

  constructor(path: string, { history, stateDir }: TraceSource) {
    this.path = path;
    this.#history = history;
    this.#specs = new Specs(history);
    this.#outputs = stateDir === null ? null : processOutputs({ stateDir, clock: systemClock({ keepAlive: false }) });
  }

  get header() {
    return this.#history.header;
  }
  get entryCount() {
    return this.#history.entryCount;
  }
  get firstSeq() {
    return this.#history.firstSeq;
  }
  get lastSeq() {
    return this.#history.lastSeq;
  }
  get unitIds() {
    return this.#history.unitIds;
  }
  get faults() {
    return this.#history.faults;
  }

  units(): readonly TraceUnit[] {
    return this.#history.unitIds.map((id) => {
      const last = momentAt(this.#history, id, this.lastSeq);
      const entry = last && this.entry(last.seq);
      const [first] = this.#history.entries({ unitId: id });
      const spec = entry && this.#specs.of(entry, last);
      const kind = id === SUPERVISOR ? 'supervisor' : (spec?.kind ?? null);
      return { id, kind, state: stateOfMoment(last), firstSeq: first?.seq ?? 0, lastSeq: last?.seq ?? 0 };
    });
  }

  async *entries(range: TraceRange = {}): AsyncGenerator<Entry, void, undefined> {
    yield* this.#history.entries(entryRange(range));
  }

  entry(seq: number): Entry | null {
    return this.#history.entry(seq);
  }

  at(when: number | { readonly atMs: number }, unit?: UnitId): TraceMoment | null {
    const seq = typeof when === 'number' ? this.#history.seqThrough(when) : this.#history.seqAt(when.atMs);
    const entry = this.entry(seq);
    if (!entry) return null;
    const unitId = unit ?? entry.unitId;
    const moment = momentAt(this.#history, unitId, entry.seq);
    const own = moment && (moment.seq === entry.seq ? entry : this.entry(moment.seq));
    const before = momentAt(this.#history, entry.unitId, entry.seq - 1);
    return {
      seq: entry.seq,
      entry,
      cause: entry.cause === null ? null : this.entry(entry.cause),
      sentence: sentenceOf(entry, before),
      unitId,
      state: stateOfMoment(moment),
      unit: moment,
      spec: (own && this.#specs.of(own, moment)?.spec) ?? null,
    };
  }

  async printed(unit: UnitId, seq: number): Promise<Printed | null> {
    const moment = momentAt(this.#history, unit, seq);
    return moment && printedBy(moment, this.entry(seq)?.atMs ?? moment.atMs, this.#history, this.#outputs);
  }

  close(): void {
    this.#history.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

const stateOfMoment = (moment: UnitMoment | null): string | null => moment && printState(moment.value);

/** The range as the store says it. */
export const entryRange = ({ from, to, unit }: TraceRange) => ({
  ...(from !== undefined && { fromSeq: from }),
  ...(to !== undefined && { throughSeq: to }),
  ...(unit !== undefined && { unitId: unit }),
});
