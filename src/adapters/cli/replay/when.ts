import { parseDuration, type Trace, type TraceRange } from '../../../index.ts';
import { BadUsage } from '../errors.ts';
import { dayOf } from './stamps.ts';

/**
 * The entry that is meant by a number, or the last one up to a time: `12:03:55` of the last day on which it was that
 * late, `2026-11-21T12:03:55Z`, or `+2m` after the first entry.
 *
 * @throws {BadUsage} It is neither, or nothing had happened by then.
 */
export function seqAt(trace: Trace, text: string): number {
  const moment = trace.at(/^\d+$/.test(text) ? Number(text) : { atMs: timeIn(trace, text) });
  if (moment) return moment.seq;
  const what = trace.entryCount === 0 ? 'There is nothing in this history.' : `Nothing had happened by ${text}.`;
  throw new BadUsage({ what, hint: `It begins with entry ${trace.firstSeq}${stampOf(trace, trace.firstSeq)}.` });
}

/**
 * A range from the one to the other; both belong to it.
 *
 * @throws {BadUsage} Nothing is in it: whoever verifies nothing would hear that all is well.
 */
export function rangeIn(
  trace: Trace,
  {
    from,
    to,
    unit,
  }: { readonly from?: string | undefined; readonly to?: string | undefined; unit?: string | undefined },
): TraceRange {
  const [first, last] = [from && firstFrom(trace, from), to && seqAt(trace, to)];
  if (first && first > (last || trace.lastSeq)) {
    const what = last ? `--from ${from} is later than --to ${to}.` : `There is nothing from ${from} on.`;
    throw new BadUsage({ what, hint: `The last entry is ${trace.lastSeq}${stampOf(trace, trace.lastSeq)}.` });
  }
  return {
    ...(first && { from: first }),
    ...(last && { to: last }),
    ...(unit !== undefined && { unit }),
  };
}

function firstFrom(trace: Trace, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  return (trace.at({ atMs: timeIn(trace, text) - 1 })?.seq ?? 0) + 1;
}

const CLOCK = /^\d\d?:\d\d(?::\d\d(?:\.\d+)?)?$/;
const DAY_MS = 86_400_000;

/** Milliseconds since 1970. A time without a zone is one of this machine's. */
function timeIn(trace: Trace, text: string): number {
  const [first, last] = [trace.firstSeq, trace.lastSeq].map((seq) => trace.entry(seq)?.atMs ?? 0) as [number, number];
  if (text.startsWith('+')) return first + parseDuration(text.slice(1), text);
  const clock = CLOCK.test(text) ? text.padStart(text.indexOf(':') === 1 ? text.length + 1 : 0, '0') : null;
  const atMs = Date.parse(clock === null ? text : `${dayOf(last)}T${clock}`);
  if (Number.isNaN(atMs) || (clock === null && !/^\d{4}-\d\d-\d\d/.test(text))) {
    throw new BadUsage({
      what: `"${text}" is neither an entry nor a time.`,
      hint: 'Write 42, 12:03:55, 2026-11-21T12:03:55Z, or +2m (after the first entry).',
    });
  }
  return clock !== null && atMs > last && atMs - DAY_MS >= first ? atMs - DAY_MS : atMs;
}

function stampOf(trace: Trace, seq: number): string {
  const entry = trace.entry(seq);
  return entry ? `, at ${new Date(entry.atMs).toISOString()}` : '';
}
