import type { Result } from '../../../index.ts';

/** `build finished after 3.2 s`, `build failed with code 2 after 80 ms`, `index failed after 3 ms: no such page`. */
export function resultLine(result: Result): string {
  const { id, state, outcome, code, signal, by, startedMs, endedMs, attempts, error, value } = result;
  if (outcome === null && state !== 'reaped') return `${id} is ${state === 'running' ? 'still running' : state}`;
  if (outcome === null) return attempts === 0 ? `${id} has not run yet` : `${id} is about to run again`;
  const coded = code === null || code === 0 || error !== undefined ? '' : ` with code ${code}`;
  const how = signal === null ? coded : ` by ${signal}`;
  const who = by === null ? '' : ` (by ${by})`;
  const length = startedMs === null || endedMs === null ? '' : ` after ${durationWords(endedMs - startedMs)}`;
  const words = error ?? (value === undefined || value === null ? '' : shortened(JSON.stringify(value)));
  return `${id} ${outcome}${how}${who}${length}${words && `: ${words}`}`;
}

const shortened = (text: string): string => (text.length <= 200 ? text : `${text.slice(0, 199)}…`);

export function durationWords(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}
