import { type Alias, type Document, isAlias, isMap, isScalar, isSeq, type Node, Scalar, type YAMLMap } from 'yaml';

/** What a document says, with the node that each alias stands for. */
export interface YamlValues {
  readonly input: unknown;
  readonly faults: readonly NodeFault[];
  readonly targets: ReadonlyMap<Alias, Node>;
}

export interface NodeFault {
  readonly offset: number;
  readonly message: string;
  readonly hint: string;
}

/** Aliases of aliases grow without bound: so many values may stand in a document when all are written out. */
const VALUES_MAX = 1_000_000;
/** Deeper than any project, and less deep than our own readers could go. */
const DEPTH_MAX = 64;

interface Anchored {
  readonly node: Node;
  /** `null`: we are still inside of it. */
  read: Read | null;
}

/** A value, and how many there are in it. */
interface Read {
  readonly value: unknown;
  readonly size: number;
}

const NOTHING: Read = { value: null, size: 1 };

/**
 * The plain values of a document, in one walk: keys as texts, aliases as what they stand for, and `<<` merged.
 *
 * Not `toJS`: that looks for every alias in the whole document, takes a hundred of them for an attack, and of two keys
 * that are the same text, such as 1 and "1", silently keeps the last.
 */
export function valuesOf(document: Document): YamlValues {
  const walk = new Walk();
  const { value } = walk.read(document.contents as Node | null, 0);
  return { input: value, faults: walk.faults, targets: walk.targets };
}

class Walk {
  readonly faults: NodeFault[] = [];
  readonly targets = new Map<Alias, Node>();
  readonly #anchors = new Map<string, Anchored>();
  /** The parts of every map, for those who merge it. */
  readonly #parts = new WeakMap<object, ReadonlyMap<string, Read>>();
  #isTooLarge = false;

  read(node: Node | null, depth: number): Read {
    if (node === null || this.#isTooLarge) return NOTHING;
    if (isAlias(node)) return this.#aliased(node);
    if (depth > DEPTH_MAX) return this.#refuse(node, 'this is nested too deeply', 'no project needs so many levels');
    const anchored: Anchored = { node, read: null };
    const { anchor } = node as { anchor?: string };
    if (anchor !== undefined) this.#anchors.set(anchor, anchored);
    const found = this.#bounded(node, this.#valueOf(node, depth));
    anchored.read = found;
    return found;
  }

  #valueOf(node: Node, depth: number): Read {
    if (isMap(node)) return this.#map(node, depth);
    if (!isSeq(node)) return { value: isScalar(node) ? node.value : null, size: 1 };
    const items = node.items.map((item) => this.read(item as Node | null, depth + 1));
    return { value: items.map(({ value }) => value), size: total(items) };
  }

  #map(map: YAMLMap, depth: number): Read {
    const own = new Map<string, Read>();
    const merged = new Map<string, Read>();
    for (const { key, value } of map.items) {
      if (isMergeKey(key)) {
        for (const [name, read] of this.#sources(value as Node | null, depth)) {
          if (!merged.has(name)) merged.set(name, read);
        }
        continue;
      }
      const name = this.#keyOf(key as Node | null);
      const read = this.read(value as Node | null, depth + 1);
      if (name !== null && own.has(name)) {
        this.#refuse(key as Node | null, `${JSON.stringify(name)} is here twice`, 'keep one of the two');
      }
      if (name !== null) own.set(name, read);
    }
    const parts = new Map([...merged, ...own]);
    // Not by assignment: __proto__ is a key like any other.
    const value = Object.fromEntries([...parts].map(([name, part]) => [name, part.value]));
    this.#parts.set(value, parts);
    return { value, size: total(parts.values()) };
  }

  /** What `<<` takes over: of one map, or of several, of which the first goes before. */
  #sources(node: Node | null, depth: number): readonly (readonly [string, Read])[] {
    const { value } = this.read(node, depth + 1);
    const sources = (Array.isArray(value) ? value : [value]).map((source) => this.#parts.get(Object(source)));
    if (sources.includes(undefined)) this.#refuse(node, '<< takes over what is no map', 'write <<: *name of a map');
    return sources.flatMap((parts) => [...(parts ?? [])]);
  }

  #keyOf(key: Node | null): string | null {
    const node = isAlias(key) ? (this.#anchors.get(key.source)?.node ?? key) : key;
    const name = isScalar(node) ? keyText(node) : null;
    if (name !== null) return name;
    this.#refuse(key, 'a key must be a text', 'put it in quotes, and write its value after a colon');
    return null;
  }

  #aliased(alias: Alias): Read {
    const { source } = alias;
    const anchored = this.#anchors.get(source);
    if (anchored === undefined) {
      return this.#refuse(
        alias,
        `there is no anchor "${source}" before this alias`,
        `write &${source} where it is first`,
      );
    }
    if (anchored.read === null) {
      return this.#refuse(alias, `this alias is inside of what "${source}" stands for`, 'write the value out');
    }
    this.targets.set(alias, anchored.node);
    return this.#bounded(alias, anchored.read);
  }

  #bounded(node: Node, read: Read): Read {
    if (read.size <= VALUES_MAX || this.#isTooLarge) return read;
    this.#isTooLarge = true;
    return this.#refuse(node, 'with its aliases written out, this is too much', 'use fewer of them');
  }

  #refuse(node: Node | null, message: string, hint: string): Read {
    this.faults.push({ offset: node?.range?.[0] ?? 0, message, hint });
    return NOTHING;
  }
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && (typeof key.value === 'symbol' || (key.value === '<<' && key.type === Scalar.PLAIN));
}

/** A key as it was written: 01 is no 1. `null`: it is none. */
export function keyText({ value, source }: Scalar): string | null {
  if (typeof value === 'string') return value;
  return value === null ? null : (source ?? String(value));
}

function total(parts: Iterable<Read>): number {
  let size = 1;
  for (const part of parts) size += part.size;
  return size;
}
