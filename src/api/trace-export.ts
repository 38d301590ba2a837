import { open as openFile, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { secretsRegistry } from '../adapters/log/secrets.ts';
import { processOutputs } from '../adapters/process/outputs.ts';
import { recallSecrets, resolveSecrets } from '../adapters/process/secrets.ts';
import { systemClock } from '../adapters/system/clock.ts';
import type { UnitSpec } from '../machines/spec.ts';
import type { UnitId } from '../machines/vocabulary.ts';
import type { OutputLine } from '../store/replay/format.ts';
import { traceLines } from '../store/replay/trace-lines.ts';
import { InvalidOption } from './errors.ts';
import { sourceOf } from './trace.ts';
import type { TraceSource } from './trace-source.ts';
import type { Trace } from './trace-types.ts';

/** Which part of a history goes into a trace file. */
export interface ExportFilter {
  /** The supervisor always comes along: it passes causes on. @default all */
  readonly units?: readonly UnitId[];
  /** First and last `seq`. @default all */
  readonly from?: number;
  readonly to?: number;
  /** The same by time of the wall clock, in milliseconds since 1970. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** An incident: this entry, and so many on either side of it (500 by default). */
  readonly around?: { readonly seq: number; readonly entries?: number };
  /** How much of the end of each run's output comes along, in bytes; 0: none. @default 65_536 */
  readonly outputBytes?: number;
  /** Takes out what must not be passed on, from every text of it. What units name as secrets goes by itself. */
  readonly redact?: (text: string) => string;
  readonly signal?: AbortSignal;
}

const AROUND_ENTRIES = 500;
const OUTPUT_BYTES = 64 * 1024;
/** The newest ones: a unit that flaps has thousands. */
const RUNS_MAX = 20;
const PIECE_CHARS = 256 * 1024;

/**
 * The lines of a trace file, one by one, each with its newline.
 *
 * What units name as secrets is taken out of all of them, and so are values of environments and passwords in
 * addresses. The output of a unit whose secrets cannot be had now, to look for them, stays behind. A piece of a history
 * can be verified and shown as the whole can.
 */
export async function* exportTrace(trace: Trace, filter: ExportFilter = {}): AsyncGenerator<string, void, undefined> {
  const source = sourceOf(trace);
  const { fromSeq, throughSeq } = rangeOf(trace, filter);
  for (const unit of filter.units ?? []) refuseUnknown(trace, unit);
  const secrets = secretsOf(source);
  const redact = (text: string): string => secrets.redact(filter.redact?.(text) ?? text);
  const units = filter.units ?? null;
  const printing = source.history.unitIds.filter((id) => (units?.includes(id) ?? true) && !secrets.untold.has(id));
  const outputs = await outputsOf(source, printing, throughSeq, filter.outputBytes ?? OUTPUT_BYTES);
  const selection = { units, fromSeq, throughSeq, outputs, redact };
  for (const line of traceLines(source.history, selection)) {
    filter.signal?.throwIfAborted();
    yield line;
  }
}

/**
 * Writes a trace file, for its owner alone; packed if its name ends with `.gz`.
 *
 * @throws What the file system refuses: nothing that was there before is overwritten.
 */
export async function writeTrace(trace: Trace, path: string, filter: ExportFilter = {}): Promise<void> {
  const file = await openFile(path, 'wx', 0o600);
  const write = async (pieces: AsyncIterable<string | Buffer>): Promise<void> => {
    for await (const piece of pieces) await file.writeFile(piece);
  };
  try {
    // A umask takes bits away, also those of the owner.
    await file.chmod(0o600);
    const pieces = joined(exportTrace(trace, filter));
    await (path.endsWith('.gz') ? pipeline(pieces, createGzip(), write) : write(pieces));
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** Lines are short, and a write for each of them would take longer than they did. */
async function* joined(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let piece = '';
  for await (const line of lines) {
    piece += line;
    if (piece.length < PIECE_CHARS) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

function rangeOf(trace: Trace, { from, to, sinceMs, untilMs, around }: ExportFilter) {
  const { history } = sourceOf(trace);
  const near = around?.entries ?? AROUND_ENTRIES;
  const froms = [
    from ?? 1,
    ...(sinceMs === undefined ? [] : [history.seqAt(sinceMs - 1) + 1]),
    ...(around ? [around.seq - near] : []),
  ];
  const tos = [
    to ?? trace.lastSeq,
    ...(untilMs === undefined ? [] : [history.seqAt(untilMs)]),
    ...(around ? [around.seq + near] : []),
  ];
  return { fromSeq: Math.max(trace.firstSeq, ...froms), throughSeq: Math.min(trace.lastSeq, ...tos) };
}

function refuseUnknown(trace: Trace, unit: UnitId): void {
  const { unitIds } = sourceOf(trace).history;
  if (unitIds.includes(unit)) return;
  const known = unitIds.filter((id) => id !== '').slice(0, 10);
  throw new InvalidOption({
    what: `there is no unit "${unit}" in this trace (there is: ${known.join(', ') || 'none'})`,
    meant: null,
  });
}

/** By their values: what a program prints may hold them. `untold` are units whose values cannot be had any more. */
function secretsOf({ store }: TraceSource) {
  const secrets = secretsRegistry();
  const untold = new Set<UnitId>();
  for (const { id, spec } of store?.units() ?? []) {
    if (!hasSecrets(spec)) continue;
    try {
      resolveSecrets(spec, process.env, secrets);
    } catch {
      untold.add(id);
    }
    const [run] = store?.runs(id) ?? [];
    if (run?.outcome === null) recallSecrets({ key: '', seq: 0, run: { ...run, unitId: id }, spec }, secrets);
  }
  return { redact: secrets.redact, untold };
}

type WithSecrets = Extract<UnitSpec, { readonly env: unknown }>;
const hasSecrets = (spec: UnitSpec): spec is WithSecrets =>
  'env' in spec && Object.keys(spec.env?.secrets ?? {}).length > 0;

async function outputsOf(
  { history, stateDir, store }: TraceSource,
  ids: readonly UnitId[],
  throughSeq: number,
  maxBytes: number,
): Promise<readonly OutputLine[]> {
  if (maxBytes === 0) return [];
  if (!store || stateDir === null) {
    return ids.flatMap((unitId) => history.outputs(unitId).map((output) => ({ seq: throughSeq, unitId, output })));
  }
  const files = processOutputs({ stateDir, clock: systemClock({ keepAlive: false }) });
  const lines: OutputLine[] = [];
  for (const unitId of ids) {
    const runs = store.runs(unitId).filter(({ orderedSeq }) => orderedSeq <= throughSeq);
    for (const { runId, outcome } of runs.slice(0, RUNS_MAX)) {
      const { text, truncated, sizeBytes } = await files.read(runId, { mode: 'full', maxBytes });
      if (sizeBytes === 0) continue;
      const output = { runId, text, sizeBytes, truncated, endedMs: outcome?.endedMs ?? null };
      lines.push({ seq: throughSeq, unitId, output });
    }
  }
  return lines;
}
