import type { Json } from '../../machines/vocabulary.ts';

/** One place where two values differ. `undefined`: there is nothing at this place. */
export interface Difference {
  /** Keys joined by dots: `run.handle.pid`. `''`: the values as a whole. */
  readonly path: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

const DIFFERENCES_MAX = 100;

/** Where two values differ, as deep as they can be compared. At most the first hundred places. */
export function differencesBetween(before: Json | undefined, after: Json | undefined): readonly Difference[] {
  const found: Difference[] = [];
  collect('', before, after, found);
  return found;
}

function collect(path: string, before: Json | undefined, after: Json | undefined, found: Difference[]): void {
  if (before === after || found.length >= DIFFERENCES_MAX) return;
  if (!isTree(before) || !isTree(after) || Array.isArray(before) !== Array.isArray(after)) {
    found.push({ path, before, after });
    return;
  }
  const [one, other] = [before as Record<string, Json>, after as Record<string, Json>];
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
    collect(path === '' ? key : `${path}.${key}`, one[key], other[key], found);
  }
}

/**
 * Whether JSON that was written says the same as a value that was not yet. The order of keys means nothing, a key
 * without a value is none, and what is no finite number is written as `null`.
 *
 * Hand-made, because it is asked three times for every entry that is verified: texts of both would cost twice as much.
 */
export function isSameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (one === null) return typeof other === 'number' && !Number.isFinite(other);
  if (typeof one !== 'object' || typeof other !== 'object' || other === null) return false;
  if (Array.isArray(one) || Array.isArray(other)) {
    if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
    return one.every((item, at) => isSameJson(item, other[at]));
  }
  return holdsAllOf(one as Tree, other as Tree) && holdsAllOf(other as Tree, one as Tree, false);
}

type Tree = Readonly<Record<string, unknown>>;

function holdsAllOf(one: Tree, other: Tree, isDeep = true): boolean {
  for (const key in other) {
    const value = other[key];
    if (value === undefined) continue;
    if (isDeep ? !isSameJson(one[key], value) : one[key] === undefined) return false;
  }
  return true;
}

const isTree = (value: Json | undefined): value is Readonly<Record<string, Json>> | readonly Json[] =>
  typeof value === 'object' && value !== null;

/** What is at a path such as `history.streak`; `undefined`: nothing is. */
export function valueAt(value: unknown, path: string): Json | undefined {
  let found: unknown = value;
  for (const key of path === '' ? [] : path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<string, unknown>)[key];
  }
  return found as Json;
}
