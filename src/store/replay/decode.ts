/** Lines as they are found in files, whoever wrote them. */
import type { Entry } from '../rows.ts';
import { isBirth, type UnitMoment } from './fold.ts';
import { type OutputLine, TRACE_FORMAT, type TraceFooter, type TraceHeader } from './format.ts';

type Shape = Readonly<Record<string, unknown>>;

/** `null`: it is none. Told by its shape, which is enough to read it; what it says is for verification to judge. */
export function entryOf(text: string): Entry | null {
  const value = parsed(text);
  if (!value) return null;
  const { unitId, event, patch, commands, value: state, version, definition, stateHash, cause } = value;
  const isOne =
    isCount(value.seq) &&
    isCount(value.aseq) &&
    typeof unitId === 'string' &&
    typeof value.atMs === 'number' &&
    typeof value.monoMs === 'number' &&
    (cause === null || isCount(cause)) &&
    isNamed(event) &&
    isObject(patch) &&
    (typeof state === 'string' || isObject(state)) &&
    Array.isArray(commands) &&
    commands.every(isCommand) &&
    typeof version === 'number' &&
    typeof definition === 'string' &&
    typeof stateHash === 'string';
  return isOne ? (value as unknown as Entry) : null;
}

export function momentOf(text: string): UnitMoment | null {
  const line = parsed(text);
  const { seq, unitId, snapshot } = line ?? {};
  if (!isCount(seq) || typeof unitId !== 'string' || !isObject(snapshot)) return null;
  const { context, timers, pending } = snapshot;
  if (!isObject(context) || !Array.isArray(timers) || !Array.isArray(pending) || !isCount(snapshot.aseq)) return null;
  if (!timers.every(isObject) || !pending.every((one) => isObject(one) && isCommand(one.command))) return null;
  return { ...(snapshot as unknown as UnitMoment), seq, unitId };
}

export function outputOf(text: string): OutputLine['output'] | null {
  const output = parsed(text)?.output;
  if (!isObject(output) || typeof output.runId !== 'string' || typeof output.text !== 'string') return null;
  return output as unknown as OutputLine['output'];
}

/** Words say why it is none. */
export function headerOf(text: string): TraceHeader | string {
  const header = parsed(text);
  if (!header) return 'its first line is no JSON object';
  if (header.reeve !== 'trace') return 'its first line does not say that it is one';
  if (!isCount(header.format) || !isCount(header.eventSchema)) return 'its first line does not name a version';
  // What a newer one says in the rest of it is not for us to judge.
  if (header.format > TRACE_FORMAT) return header as unknown as TraceHeader;
  const { filter, machines, specs } = header;
  if (!isObject(filter) || !Array.isArray(machines) || !isObject(specs)) return 'its first line is incomplete';
  if (!machines.every(isObject) || !Object.values(specs).every((one) => isObject(one) && isObject(one.spec))) {
    return 'its first line is incomplete';
  }
  return header as unknown as TraceHeader;
}

export function footerOf(text: string): TraceFooter['end'] | null {
  const end = parsed(text)?.end;
  if (!isObject(end) || typeof end.sha256 !== 'string' || !isCount(end.entries)) return null;
  return end as unknown as TraceFooter['end'];
}

/** The unit's life that an entry belongs to; the entry's own word where it begins one. */
export function epochOf(entry: Entry, before: UnitMoment | null): string | null {
  if (isBirth(entry.event) && 'epoch' in entry.event) return entry.event.epoch;
  const epoch = before?.context.epoch;
  return typeof epoch === 'string' ? epoch : null;
}

function parsed(text: string): Shape | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

const isObject = (value: unknown): value is Shape =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isNamed = (value: unknown): boolean => isObject(value) && typeof value.type === 'string';

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function isCommand(value: unknown): boolean {
  if (!isObject(value) || typeof value.type !== 'string') return false;
  const { type, params } = value;
  if (params !== undefined && !isObject(params)) return false;
  return !(WITH_PARAMS.has(type) && params === undefined);
}

/** Whoever reads these looks into their params. */
const WITH_PARAMS: ReadonlySet<string> = new Set([
  'startTimer',
  'cancelTimer',
  'tell',
  'reply',
  'recordOutcome',
  'forgetUnit',
  'endRun',
  'sweep',
  'startProbe',
  'stopProbe',
]);
