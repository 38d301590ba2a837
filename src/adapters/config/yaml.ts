import { type Alias, type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { SpecPath } from '../../index.ts';
import type { Position, Source, SyntaxFault } from './source.ts';
import { keyText, valuesOf, type YamlValues } from './yaml-values.ts';

/**
 * YAML 1.2, with anchors, aliases and `<<`.
 *
 * Faults are in our own words: those of the library quote the lines around, and these may hold passwords.
 */
export function readYaml(text: string): Source {
  const lines = new LineCounter();
  const document = parse(text, lines);
  if (document === null) return { input: null, faults: [TOO_DEEP], locate: () => null };
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const broken = [...document.errors, ...document.warnings].map(({ code, pos, message }): SyntaxFault => {
    return { position: positionAt(pos[0]), ...wordsOf(code, message, text.slice(pos[0])) };
  });
  const { input, faults, targets } = valuesOf(document);
  const meant = faults.map(({ offset, message, hint }): SyntaxFault => {
    return { position: positionAt(offset), message, hint };
  });
  return {
    input,
    faults: [...broken, ...meant],
    locate: locator(document, targets, positionAt),
  };
}

const TOO_DEEP: SyntaxFault = {
  position: { line: 1, column: 1 },
  message: 'this is nested too deeply',
  hint: 'no project needs so many levels',
};

/** `null`: nested beyond what it can follow. Doubled keys are ours to find: it compares each with every other. */
function parse(text: string, lineCounter: LineCounter): Document | null {
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false, merge: true, uniqueKeys: false });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function wordsOf(code: string, message: string, from: string): Pick<SyntaxFault, 'message' | 'hint'> {
  switch (code) {
    case 'TAB_AS_INDENT':
      return { message: 'this line is indented by a tab', hint: 'YAML indents by spaces' };
    case 'TAG_RESOLVE_FAILED':
      return { message: `there is no tag ${firstWord(from)}`, hint: 'leave it out, or put the value in quotes' };
    case 'BAD_SCALAR_START':
      return { message: `a value cannot begin with ${from.slice(0, 1)}`, hint: 'put it in quotes' };
    case 'BLOCK_AS_IMPLICIT_KEY':
      return { message: 'two ": " on one line', hint: 'put the value in quotes, or begin a new line' };
    case 'RESOURCE_EXHAUSTION':
      return { message: TOO_DEEP.message, hint: TOO_DEEP.hint! };
    case 'MULTIPLE_DOCS':
      return { message: 'a second document begins here', hint: 'a project file is one document: take out the ---' };
    default:
      return { message: `not YAML: ${message.replace(/^[A-Z]/, (letter) => letter.toLowerCase())}` };
  }
}

const firstWord = (text: string): string => /^(["']?)([^\s:"']+)/.exec(text)?.[2] ?? '';

/** Where a part of the input is written: its key, or else the nearest thing around it. */
function locator(
  { contents }: Document,
  targets: YamlValues['targets'],
  positionAt: (offset: number) => Position,
): Source['locate'] {
  const keys = new Map<unknown, ReadonlyMap<string, KeyAndValue>>();
  return (path: SpecPath) => {
    let node: unknown = contents;
    let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
    for (const step of path) {
      if (isAlias(node)) node = targets.get(node as Alias);
      if (isMap(node)) {
        const known = keys.get(node) ?? keysOf(node.items);
        keys.set(node, known);
        const found = known.get(String(step));
        if (found === undefined) return positionAt(offset);
        offset = found.offset ?? offset;
        node = found.value;
      } else if (isSeq(node)) {
        node = node.items[Number(step)];
        offset = isNode(node) ? (node.range?.[0] ?? offset) : offset;
      } else return positionAt(offset);
    }
    return positionAt(offset);
  };
}

interface KeyAndValue {
  readonly offset: number | undefined;
  readonly value: unknown;
}

function keysOf(items: readonly { readonly key: unknown; readonly value: unknown }[]) {
  const known = new Map<string, KeyAndValue>();
  for (const { key, value } of items) {
    const name = isScalar(key) ? keyText(key) : null;
    if (name !== null) known.set(name, { offset: isNode(key) ? key.range?.[0] : undefined, value });
  }
  return known;
}
