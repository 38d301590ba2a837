import { closeSync, fstatSync, readSync } from 'node:fs';
import { EVENT_SCHEMA } from '../../machines/events.ts';
import type { UnitId } from '../../machines/vocabulary.ts';
import type { Entry } from '../rows.ts';
import { Column } from './column.ts';
import { entryOf, footerOf, headerOf, momentOf, outputOf } from './decode.ts';
import { NotATrace, TraceDamaged, TraceTooNew } from './errors.ts';
import { isBirth } from './fold.ts';
import { type OutputLine, TRACE_FORMAT, type TraceHeader } from './format.ts';
import type { EntryRange, History, HistoryFault } from './history.ts';
import { FAULTS_MAX, indexTrace, type Lines, type TraceIndex } from './trace-index.ts';
import { UPCASTERS, type Upcasters, upcast } from './upcast.ts';

export interface TraceFileOptions {
  /** What to call it in words. */
  readonly path: string;
  /** Opens what is left of a damaged one, too. `faults` says what is wrong. */
  readonly allowDamaged: boolean;
  /** What is known to be wrong already. */
  readonly faults?: readonly HistoryFault[];
  readonly upcasters?: Upcasters;
}

const WINDOW_BYTES = 1024 * 1024;

/**
 * A trace in an open file, which it closes.
 *
 * Opening reads every byte once, to find the lines and to compare the hash; entries are understood when they are asked
 * for.
 *
 * @throws {NotATrace | TraceTooNew | TraceDamaged}
 */
export function traceOf(file: number, options: TraceFileOptions): History {
  try {
    return new TraceFile(file, options);
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

class TraceFile implements History {
  readonly header: TraceHeader;
  readonly unitIds: readonly UnitId[];
  readonly faults: HistoryFault[];
  readonly #file: number;
  readonly #index: TraceIndex;
  readonly #upcasters: Upcasters;
  #window: Buffer = Buffer.alloc(0);
  #windowAt = 0;
  #isOpen = true;

  constructor(file: number, { path, allowDamaged, faults = [], upcasters = UPCASTERS }: TraceFileOptions) {
    if (!fstatSync(file).isFile()) throw new NotATrace({ path, why: 'it is not a regular file' });
    refuseForeign(file, path);
    this.#file = file;
    this.#upcasters = upcasters;
    this.#index = indexTrace((buffer, offset, length, position) => readSync(file, buffer, offset, length, position));
    this.header = headerIn(this.#index, path);
    this.faults = [...faults, ...this.#index.faults, ...faultsOfFooter(this.#index)].slice(0, FAULTS_MAX);
    if (this.faults.length > 0 && !allowDamaged) throw new TraceDamaged({ path, faults: this.faults });
    this.unitIds = [...this.#index.entriesOf.keys()];
  }

  get entryCount(): number {
    return this.#index.entries.seqs.length;
  }

  get firstSeq(): number {
    return this.entryCount === 0 ? 0 : this.#index.entries.seqs.at(0);
  }

  get lastSeq(): number {
    return this.entryCount === 0 ? 0 : this.#index.entries.seqs.at(this.entryCount - 1);
  }

  *entries(range: EntryRange = {}): Generator<Entry> {
    const { fromSeq = 0, throughSeq = Number.MAX_SAFE_INTEGER, unitId, births = false } = range;
    const { entries, entriesOf } = this.#index;
    const own = unitId === undefined ? null : (entriesOf.get(unitId) ?? new Column());
    // Neighbours in the order of a unit may be far apart in the file.
    const isNear = own === null;
    for (let at = firstFrom(entries, own, fromSeq); at < (own ?? entries.seqs).length; at++) {
      const line = own?.at(at) ?? at;
      if (entries.seqs.at(line) > throughSeq) return;
      const entry = this.#entryAt(line, isNear);
      if (entry && (!births || isBirth(entry.event))) yield entry;
    }
  }

  entry(seq: number): Entry | null {
    const line = this.#index.entries.seqs.countThrough(seq) - 1;
    return line >= 0 && this.#index.entries.seqs.at(line) === seq ? this.#entryAt(line, false) : null;
  }

  seqThrough(seq: number): number {
    const { seqs } = this.#index.entries;
    const count = seqs.countThrough(seq);
    return count === 0 ? 0 : seqs.at(count - 1);
  }

  seqAt(atMs: number): number {
    // The wall clock may have gone back, so this is the entry that a reader who looks for a time would stop at.
    let [low, high] = [0, this.entryCount];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entryAt(middle, false)?.atMs ?? 0) <= atMs) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : this.#index.entries.seqs.at(low - 1);
  }

  base(unitId: UnitId, seq: number) {
    const lines = this.#index.snapshotsOf.get(unitId);
    if (!lines) return null;
    for (let at = lines.seqs.countThrough(seq) - 1; at >= 0; at--) {
      const moment = momentOf(this.#text(lines, at, false));
      if (moment) return moment;
    }
    return null;
  }

  outputs(unitId: UnitId): readonly OutputLine['output'][] {
    const lines = this.#index.outputsOf.get(unitId);
    return Array.from({ length: lines?.seqs.length ?? 0 }, (_, at) => outputOf(this.#text(lines!, at, false))).filter(
      (output) => output !== null,
    );
  }

  close(): void {
    if (this.#isOpen) closeSync(this.#file);
    this.#isOpen = false;
  }

  #entryAt(line: number, isNear: boolean): Entry | null {
    const entry = entryOf(this.#text(this.#index.entries, line, isNear));
    // Only in a damaged one: what cannot be read is as if it were not there.
    if (!entry) return null;
    const { eventSchema } = this.header;
    return eventSchema < EVENT_SCHEMA ? upcast(entry, eventSchema, this.#upcasters) : entry;
  }

  #text({ starts, lengths }: Lines, at: number, isNear: boolean): string {
    const [start, length] = [starts.at(at), lengths.at(at)];
    if (start < this.#windowAt || start + length > this.#windowAt + this.#window.length) {
      const buffer = Buffer.allocUnsafe(isNear ? Math.max(WINDOW_BYTES, length) : length);
      const count = readSync(this.#file, buffer, 0, buffer.length, start);
      if (!isNear) return buffer.toString('utf8', 0, count);
      this.#window = buffer.subarray(0, count);
      this.#windowAt = start;
    }
    return this.#window.toString('utf8', start - this.#windowAt, start - this.#windowAt + length);
  }
}

/** A look at the first bytes, before all others are read for nothing. */
function refuseForeign(file: number, path: string): void {
  const found = Buffer.alloc(BEGINNING.length);
  readSync(file, found, 0, found.length, 0);
  if (found.equals(BEGINNING)) return;
  const isEmpty = fstatSync(file).size === 0;
  throw new NotATrace({ path, why: isEmpty ? 'it is empty' : `it does not begin with ${BEGINNING}` });
}
const BEGINNING = Buffer.from('{"reeve":"trace"');

function firstFrom(entries: Lines, own: Column | null, fromSeq: number): number {
  const before = entries.seqs.countThrough(fromSeq - 1);
  return own === null ? before : own.countThrough(before - 1);
}

function headerIn({ header }: TraceIndex, path: string): TraceHeader {
  if (header === null) throw new NotATrace({ path, why: 'it has not a single whole line' });
  const found = headerOf(header);
  if (typeof found === 'string') throw new NotATrace({ path, why: found });
  const { format, eventSchema, version } = found;
  if (format > TRACE_FORMAT) {
    throw new TraceTooNew({ path, what: 'format', found: format, ours: TRACE_FORMAT, version });
  }
  if (eventSchema > EVENT_SCHEMA) {
    throw new TraceTooNew({ path, what: 'schema of events', found: eventSchema, ours: EVENT_SCHEMA, version });
  }
  return found;
}

/** The order is that of what says most: a line that is missing changes the hash, too. */
function faultsOfFooter({ footer, entries, sha256 }: TraceIndex): readonly HistoryFault[] {
  if (footer === null) return [];
  const end = footerOf(footer);
  if (!end) return [{ what: 'unreadable', line: null, message: 'its last line cannot be read' }];
  const faults: HistoryFault[] = [];
  if (end.entries !== entries.seqs.length) {
    const message = `it has ${entries.seqs.length} entries in order, and was written with ${end.entries}`;
    faults.push({ what: 'count', line: null, message });
  }
  if (end.sha256 !== sha256) {
    const message = 'it is not what was written: its hash is another one';
    faults.push({ what: 'changed', line: null, message });
  }
  return faults;
}
