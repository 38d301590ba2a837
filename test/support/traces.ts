import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';
import { openTrace } from '../../src/api/trace.ts';
import type { Trace } from '../../src/api/trace-types.ts';
import type { History } from '../../src/store/replay/history.ts';
import { historyOf } from '../../src/store/replay/store-history.ts';
import { type TraceSelection, traceLines } from '../../src/store/replay/trace-lines.ts';
import type { Simulation } from './simulation.ts';
import { temporaryDirectory } from './temporary.ts';

/** What a simulated orchestrator has recorded so far. */
export const historyIn = ({ store }: Pick<Simulation, 'store'>): History =>
  historyOf(store, { project: 'test', version: '0.0.0', nowMs: 0 });

/** The lines of a trace of it, all of it unless something else is said. */
export function linesOf(history: History, selection: Partial<TraceSelection> = {}): readonly string[] {
  const all = { units: null, fromSeq: history.firstSeq, throughSeq: history.lastSeq, outputs: [], redact: null };
  return [...traceLines(history, { ...all, ...selection })];
}

/** Writes a file with this content, which is gone when the test is over; packed, if its name says so. */
export function traceFile(lines: readonly string[] | Buffer, name = 'trace.jsonl'): string {
  const path = join(temporaryDirectory(), name);
  const bytes = Buffer.isBuffer(lines) ? lines : Buffer.from(lines.join(''));
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(bytes) : bytes);
  return path;
}

/** An open trace that is closed when the test is over. */
export async function openedTrace(path: string, options: { readonly allowDamaged?: boolean } = {}): Promise<Trace> {
  const trace = await openTrace(path, options);
  onTestFinished(() => trace.close());
  return trace;
}
