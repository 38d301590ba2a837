import type { Result } from '../../../index.ts';

/** `build finished after 3.2 s`, `build failed with code 2 after 80 ms`, `web is still running`. */
export function resultLine(result: Result): string {
  const { id, state, outcome, code, signal, by, startedMs, endedMs, attempts } = result;
  if (outcome === null && state !== 'reaped') return `${id} is ${state === 'running' ? 'still running' : state}`;
  if (outcome === null) return attempts === 0 ? `${id} has not run yet` : `${id} is about to run again`;
  const how = signal === null ? (code === null || code === 0 ? '' : ` with code ${code}`) : ` by ${signal}`;
  const who = by === null ? '' : ` (by ${by})`;
  const length = startedMs === null || endedMs === null ? '' : ` after ${durationWords(endedMs - startedMs)}`;
  return `${id} ${outcome}${how}${who}${length}`;
}

export function durationWords(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}
