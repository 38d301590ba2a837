import { createHash } from 'node:crypto';
import { stateHash } from '../../machines/step.ts';
import { SUPERVISOR } from '../../machines/supervisor.ts';
import type { Json, UnitId } from '../../machines/vocabulary.ts';
import type { Entry } from '../rows.ts';
import { advance, type UnitMoment } from './fold.ts';
import {
  type OutputLine,
  type SnapshotLine,
  TRACE_SNAPSHOT_EVERY,
  type TraceFooter,
  type TraceSpec,
} from './format.ts';
import { type FoldStep, foldSteps, type History, momentAt } from './history.ts';
import { redactedJson, redactedPatch } from './redacted.ts';
import { Specs } from './specs.ts';

export interface TraceSelection {
  /** The supervisor is always among them: it passes causes on. `null`: all. */
  readonly units: readonly UnitId[] | null;
  readonly fromSeq: number;
  readonly throughSeq: number;
  readonly outputs: readonly OutputLine[];
  /** Takes what must not be passed on out of a text. */
  readonly redact: ((text: string) => string) | null;
}

/**
 * The lines of a trace, each with its newline.
 *
 * Everything begins with the states that the first entries follow on, so a piece of a history can be folded, verified
 * and shown as the whole can. The same history and selection give the same bytes.
 */
export function* traceLines(history: History, selection: TraceSelection): Generator<string> {
  const hash = createHash('sha256');
  const counts = { entries: 0, snapshots: 0, outputs: 0 };
  for (const [kind, value] of valuesOf(history, selection)) {
    const line = `${JSON.stringify(value)}\n`;
    hash.update(line);
    if (kind !== 'header') counts[kind]++;
    yield line;
  }
  const footer: TraceFooter = { end: { ...counts, sha256: hash.digest('hex') } };
  yield `${JSON.stringify(footer)}\n`;
}

type Value = readonly ['header' | 'entries' | 'snapshots' | 'outputs', unknown];

function* valuesOf(history: History, selection: TraceSelection): Generator<Value> {
  const { units, fromSeq, throughSeq, outputs, redact } = selection;
  const isWanted = ({ unitId }: { readonly unitId: UnitId }): boolean =>
    unitId === SUPERVISOR || units === null || units.includes(unitId);
  const bases = history.unitIds
    .filter((unitId) => isWanted({ unitId }))
    .flatMap((unitId) => momentAt(history, unitId, fromSeq - 1) ?? []);
  const filter = { units, fromSeq: Math.max(fromSeq, history.firstSeq), throughSeq };
  const specs = redactedJson(specsOf(history, bases, isWanted), redact);
  yield ['header', { ...history.header, filter, specs }];
  const redaction = redact && new Redaction(redact);
  for (const base of bases) yield ['snapshots', snapshotLine(redaction?.base(base) ?? base)];
  const unsnapped = new Map<UnitId, number>();
  for (const step of wantedSteps(history, selection, isWanted)) {
    const { entry, after } = redaction?.step(step) ?? step;
    yield ['entries', entry];
    const count = (unsnapped.get(entry.unitId) ?? 0) + 1;
    const isDue = after !== null && count >= TRACE_SNAPSHOT_EVERY;
    unsnapped.set(entry.unitId, isDue ? 0 : count);
    if (isDue) yield ['snapshots', snapshotLine(after)];
  }
  for (const output of outputs) yield ['outputs', redactedJson(output as unknown as Json, redact)];
}

function* wantedSteps(
  history: History,
  { fromSeq, throughSeq }: TraceSelection,
  isWanted: (entry: Entry) => boolean,
): Generator<FoldStep> {
  for (const step of foldSteps(history, { fromSeq, throughSeq })) if (isWanted(step.entry)) yield step;
}

/** Of all that is chosen: what began before the first entry says nothing of itself any more. */
function specsOf(
  history: History,
  bases: readonly UnitMoment[],
  isWanted: (one: { readonly unitId: UnitId }) => boolean,
): Json {
  const known: Record<string, TraceSpec> = {};
  for (const [epoch, spec] of Object.entries(history.header.specs)) if (isWanted(spec)) known[epoch] = spec;
  const specs = new Specs(history);
  for (const base of bases) {
    const { epoch } = base.context;
    const spec = typeof epoch === 'string' ? specs.ofLife(base.unitId, epoch, base.seq) : null;
    if (spec && typeof epoch === 'string') known[epoch] ??= spec;
  }
  return known as unknown as Json;
}

const snapshotLine = ({ seq, unitId, ...snapshot }: UnitMoment): SnapshotLine => ({ seq, unitId, snapshot });

/**
 * Takes texts out of entries, and lets them stay what they are: entries that can be verified.
 *
 * The hash of a state that was changed by it is made anew, unless it was wrong before: that must stay visible.
 */
class Redaction {
  readonly #redact: (text: string) => string;
  readonly #moments = new Map<UnitId, UnitMoment | null>();

  constructor(redact: (text: string) => string) {
    this.#redact = redact;
  }

  base(moment: UnitMoment): UnitMoment {
    const context = redactedPatch(moment.context, this.#redact);
    const isRight = stateHash(moment.value, moment.context) === moment.stateHash;
    const redacted = { ...moment, context, ...(isRight && { stateHash: stateHash(moment.value, context) }) };
    this.#moments.set(moment.unitId, redacted);
    return redacted;
  }

  step({ entry, after }: FoldStep): { readonly entry: Entry; readonly after: UnitMoment | null } {
    const before = this.#moments.get(entry.unitId) ?? null;
    const plain: Entry = {
      ...entry,
      event: redactedJson(entry.event as unknown as Json, this.#redact) as unknown as Entry['event'],
      patch: redactedPatch(entry.patch, this.#redact),
      commands: redactedJson(entry.commands as unknown as Json, this.#redact) as unknown as Entry['commands'],
    };
    const folded = advance(before, plain);
    const isRight = folded && after && stateHash(after.value, after.context) === entry.stateHash;
    const hashed = isRight ? { stateHash: stateHash(folded.value, folded.context) } : {};
    const moment = folded && { ...folded, ...hashed };
    this.#moments.set(entry.unitId, moment);
    return { entry: { ...plain, ...hashed }, after: moment };
  }
}
