import { createHash } from 'node:crypto';
import type { UnitId } from '../../machines/vocabulary.ts';
import { Column } from './column.ts';
import type { HistoryFault } from './history.ts';

/** Where the lines of one kind are, in the order of their `seq`. */
export interface Lines {
  readonly seqs: Column;
  readonly starts: Column;
  readonly lengths: Column;
}

/** Where everything is in a trace. Made without understanding more than the first bytes of every line. */
export interface TraceIndex {
  /** The first line; `null`: there is none. */
  readonly header: string | null;
  /** The last line; `null`: the trace was cut off. */
  readonly footer: string | null;
  readonly sha256: string;
  readonly entries: Lines;
  /** For each unit, which of the entries are its own. */
  readonly entriesOf: ReadonlyMap<UnitId, Column>;
  readonly snapshotsOf: ReadonlyMap<UnitId, Lines>;
  readonly outputsOf: ReadonlyMap<UnitId, Lines>;
  readonly faults: HistoryFault[];
}

/** Reads up to `length` bytes from `position` on into `buffer`, and answers how many. */
export type ReadBytes = (buffer: Buffer, offset: number, length: number, position: number) => number;

export const FAULTS_MAX = 100;
const CHUNK_BYTES = 4 * 1024 * 1024;
/** No line of ours is near it: what is longer is something else. */
const LINE_BYTES_MAX = 256 * 1024 * 1024;

const QUOTE = 0x22;
const NEWLINE = 0x0a;
const SEQ = Buffer.from('{"seq":');
const UNIT = Buffer.from(',"unitId":"');
const ASEQ = Buffer.from('","aseq":');
const SNAPSHOT = Buffer.from('","snapshot":');
const OUTPUT = Buffer.from('","output":');
const END = Buffer.from('{"end":');

/** Finds every line of a trace. Never throws for what is in it: faults are told. */
export function indexTrace(read: ReadBytes): TraceIndex {
  const index = new TraceIndexer();
  let buffer: Buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let held = 0;
  let position = 0;
  for (;;) {
    if (held === buffer.length) {
      if (held >= LINE_BYTES_MAX) break;
      buffer = Buffer.concat([buffer], buffer.length * 2);
    }
    const count = read(buffer, held, buffer.length - held, position + held);
    if (count === 0) break;
    held += count;
    const used = index.take(buffer.subarray(0, held), position);
    buffer.copyWithin(0, used, held);
    held -= used;
    position += used;
  }
  return index.finish(buffer.subarray(0, held), position);
}

const newLines = (): Lines => ({ seqs: new Column(), starts: new Column(), lengths: new Column() });

class TraceIndexer {
  readonly #hash = createHash('sha256');
  readonly #entries = newLines();
  readonly #entriesOf = new Map<UnitId, Column>();
  readonly #snapshotsOf = new Map<UnitId, Lines>();
  readonly #outputsOf = new Map<UnitId, Lines>();
  readonly #lastAseq = new Map<UnitId, number>();
  readonly #faults: HistoryFault[] = [];
  #header: string | null = null;
  #footer: string | null = null;
  #line = 0;
  #lastSeq = 0;

  /** Takes the whole lines at the beginning of `bytes`, and answers how long they are together. */
  take(bytes: Buffer, position: number): number {
    let from = 0;
    let hashed = 0;
    for (let to = bytes.indexOf(NEWLINE, from); to >= 0; to = bytes.indexOf(NEWLINE, from)) {
      if (this.#footer === null && starts(bytes, from, END)) {
        this.#hash.update(bytes.subarray(hashed, from));
        hashed = bytes.length;
      }
      this.#takeLine(bytes, from, to, position + from);
      from = to + 1;
    }
    if (this.#footer === null) this.#hash.update(bytes.subarray(hashed, from));
    return from;
  }

  finish(rest: Buffer, position: number): TraceIndex {
    if (starts(rest, 0, END) && rest.at(-1) === 0x7d) this.#takeLine(rest, 0, rest.length, position);
    else if (rest.length > 0) {
      this.#line++;
      this.#fault('incomplete', 'it breaks off in the middle of a line');
    }
    if (this.#footer === null && this.#header !== null) {
      this.#fault('incomplete', `it has no last line: it was cut off after entry ${this.#lastSeq}`, null);
    }
    return {
      header: this.#header,
      footer: this.#footer,
      sha256: this.#hash.digest('hex'),
      entries: this.#entries,
      entriesOf: this.#entriesOf,
      snapshotsOf: this.#snapshotsOf,
      outputsOf: this.#outputsOf,
      faults: this.#faults,
    };
  }

  #takeLine(bytes: Buffer, from: number, to: number, start: number): void {
    this.#line++;
    if (this.#line === 1) this.#header = bytes.toString('utf8', from, to);
    else if (this.#footer !== null) this.#fault('order', 'something follows after its last line');
    else if (starts(bytes, from, END)) this.#footer = bytes.toString('utf8', from, to);
    else if (!this.#takeKnown(bytes, from, to, start)) this.#fault('unreadable', 'it is no line of a trace');
  }

  #takeKnown(bytes: Buffer, from: number, to: number, start: number): boolean {
    if (!starts(bytes, from, SEQ)) return false;
    const afterSeq = endOfDigits(bytes, from + SEQ.length);
    if (!starts(bytes, afterSeq, UNIT)) return false;
    const unitAt = afterSeq + UNIT.length;
    const unitEnd = bytes.indexOf(QUOTE, unitAt);
    if (unitEnd < 0 || unitEnd >= to) return false;
    const seq = numberOf(bytes, from + SEQ.length, afterSeq);
    const unitId = bytes.toString('latin1', unitAt, unitEnd);
    if (starts(bytes, unitEnd, ASEQ)) {
      const aseqAt = unitEnd + ASEQ.length;
      const aseq = numberOf(bytes, aseqAt, endOfDigits(bytes, aseqAt));
      this.#takeEntry(seq, unitId, aseq, start, to - from);
    } else if (starts(bytes, unitEnd, SNAPSHOT)) add(of(this.#snapshotsOf, unitId, newLines), seq, start, to - from);
    else if (starts(bytes, unitEnd, OUTPUT)) add(of(this.#outputsOf, unitId, newLines), seq, start, to - from);
    else return false;
    return true;
  }

  /** One that is out of order is told of and left out: everything else relies on the order. */
  #takeEntry(seq: number, unitId: UnitId, aseq: number, start: number, length: number): void {
    if (seq <= this.#lastSeq) {
      const how = seq === this.#lastSeq ? 'comes twice' : `comes after entry ${this.#lastSeq}`;
      this.#fault('order', `entry ${seq} ${how}`);
      return;
    }
    this.#lastSeq = seq;
    const before = this.#lastAseq.get(unitId);
    this.#lastAseq.set(unitId, aseq);
    if (before !== undefined && aseq !== before + 1) {
      const name = unitId === '' ? 'the supervisor' : `"${unitId}"`;
      const count = aseq - before - 1;
      const words = count === 1 ? `an entry of ${name} is missing` : `entries of ${name} are missing`;
      this.#fault('missing', `before entry ${seq}, ${words}`);
    }
    of(this.#entriesOf, unitId, () => new Column()).push(this.#entries.seqs.length);
    add(this.#entries, seq, start, length);
  }

  #fault(what: HistoryFault['what'], message: string, line: number | null = this.#line): void {
    if (this.#faults.length < FAULTS_MAX) this.#faults.push({ what, line, message });
  }
}

function add({ seqs, starts, lengths }: Lines, seq: number, start: number, length: number): void {
  seqs.push(seq);
  starts.push(start);
  lengths.push(length);
}

function of<Value>(map: Map<UnitId, Value>, unitId: UnitId, make: () => Value): Value {
  let value = map.get(unitId);
  if (value === undefined) {
    value = make();
    map.set(unitId, value);
  }
  return value;
}

function starts(bytes: Buffer, at: number, prefix: Buffer): boolean {
  for (let index = 0; index < prefix.length; index++) if (bytes[at + index] !== prefix[index]) return false;
  return true;
}

function endOfDigits(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && isDigit(bytes[at]!)) at++;
  return at;
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

function numberOf(bytes: Buffer, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) value = value * 10 + bytes[at]! - 0x30;
  return value;
}
