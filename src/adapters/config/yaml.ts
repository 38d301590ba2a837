import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { SpecPath } from '../../index.ts';
import type { Position, Source, SyntaxFault } from './source.ts';

/**
 * YAML 1.2, with anchors, aliases and `<<`.
 *
 * Faults are in our own words: those of the library quote the lines around, and these may hold passwords.
 */
export function readYaml(text: string): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const broken = [...document.errors, ...document.warnings].map(({ code, pos, message }) => {
    return { position: positionAt(pos[0]), ...wordsOf(code, message, text.slice(pos[0])) };
  });
  const faults = [...broken, ...lostAliases(document, positionAt)];
  const { input, tooMany } = faults.length > 0 ? { input: null, tooMany: [] } : read(document);
  return {
    input,
    faults: [...faults, ...tooMany],
    locate: (path) => positionAt(offsetOf(document, path)),
  };
}

function wordsOf(code: string, message: string, from: string): Pick<SyntaxFault, 'message' | 'hint'> {
  switch (code) {
    case 'DUPLICATE_KEY':
      return { message: `${JSON.stringify(firstWord(from))} is here twice`, hint: 'keep one of the two' };
    case 'TAB_AS_INDENT':
      return { message: 'this line is indented by a tab', hint: 'YAML indents by spaces' };
    case 'TAG_RESOLVE_FAILED':
      return { message: `there is no tag ${firstWord(from)}`, hint: 'leave it out, or put the value in quotes' };
    case 'BAD_SCALAR_START':
      return { message: `a value cannot begin with ${from.slice(0, 1)}`, hint: 'put it in quotes' };
    case 'BLOCK_AS_IMPLICIT_KEY':
      return { message: 'two ": " on one line', hint: 'put the value in quotes, or begin a new line' };
    case 'MULTIPLE_DOCS':
      return { message: 'a second document begins here', hint: 'a project file is one document: take out the ---' };
    default:
      return { message: `not YAML: ${message.replace(/^[A-Z]/, (letter) => letter.toLowerCase())}` };
  }
}

const firstWord = (text: string): string => /^(["']?)([^\s:"']+)/.exec(text)?.[2] ?? '';

function lostAliases(document: Document, positionAt: (offset: number) => Position): readonly SyntaxFault[] {
  const faults: SyntaxFault[] = [];
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) !== undefined) return;
      const message = `there is no anchor "${alias.source}" before this alias`;
      faults.push({
        position: positionAt(alias.range?.[0] ?? 0),
        message,
        hint: `write &${alias.source} where it is first`,
      });
    },
  });
  return faults;
}

/** Aliases of aliases can grow without bound; the library gives up at a hundred. */
function read(document: Document): { readonly input: unknown; readonly tooMany: readonly SyntaxFault[] } {
  try {
    return { input: document.toJS(), tooMany: [] };
  } catch {
    const position = { line: 1, column: 1 };
    return { input: null, tooMany: [{ position, message: 'too many aliases', hint: 'write the values out' }] };
  }
}

function offsetOf(document: Document, path: SpecPath): number {
  let node: unknown = document.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (pair === undefined) return offset;
      offset = isNode(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      offset = isNode(node) ? (node.range?.[0] ?? offset) : offset;
    } else return offset;
  }
  return offset;
}
