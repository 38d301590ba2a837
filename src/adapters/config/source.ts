import type { SpecPath } from '../../index.ts';

/** Both from 1, as editors count. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Something wrong with the text itself, before anything can be said about the project in it. */
export interface SyntaxFault {
  readonly position: Position;
  readonly message: string;
  readonly hint?: string;
}

/** A project file, read but not yet understood. */
export interface Source {
  readonly input: unknown;
  readonly faults: readonly SyntaxFault[];
  /** Where a part of the input stands in the file: its key, or else the nearest thing around it. */
  locate(path: SpecPath): Position | null;
}

export function positionOf(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}
