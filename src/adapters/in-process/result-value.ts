import type { Json } from '../../machines/vocabulary.ts';
import { ResultNotKept } from './errors.ts';

/** A result stands in the journal several times over: it is a fact, and no file. */
export const VALUE_BYTES_MAX = 64 * 1024;
const DEPTH_MAX = 64;

/**
 * What a function returned, as a copy that can be kept. Nothing at all is `null`.
 *
 * @throws {ResultNotKept} It is no JSON, or too much of it. Whatever a getter in it throws passes through.
 */
export function keptValue(value: unknown): Json {
  const copy = value === undefined ? null : copyOf(value, 'it', 0);
  const bytes = Buffer.byteLength(JSON.stringify(copy));
  if (bytes <= VALUE_BYTES_MAX) return copy;
  throw new ResultNotKept({ what: `it has ${bytes} bytes as JSON, and at most ${VALUE_BYTES_MAX} are kept` });
}

/** What `JSON.stringify` would leave out or write otherwise is refused: it would be missed later. */
function copyOf(value: unknown, where: string, depth: number): Json {
  if (depth > DEPTH_MAX) throw new ResultNotKept({ what: 'it is nested too deeply, or contains itself' });
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((one, index) => copyOf(one, `${where}[${index}]`, depth + 1));
  if (typeof value !== 'object' || !isPlain(value)) throw new ResultNotKept({ what: `${where} is ${nounOf(value)}` });
  const given = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(given.map(([key, one]) => [key, copyOf(one, `${where}.${key}`, depth + 1)]));
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function nounOf(value: unknown): string {
  if (typeof value === 'object' && value !== null)
    return `of class ${value.constructor?.name ?? '?'}, which is no JSON`;
  return typeof value === 'number' ? `${value}, which is no JSON` : `of type ${typeof value}, which is no JSON`;
}
