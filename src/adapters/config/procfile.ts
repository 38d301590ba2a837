import type { Position, Source, SyntaxFault } from './source.ts';

/** `name: command` on each line; every one becomes a server, run by a shell. Empty lines and `#` are skipped. */
export function readProcfile(text: string): Source {
  const units = new Map<string, { readonly command: string }>();
  const positions = new Map<string, Position>();
  const faults: SyntaxFault[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const position = { line: index + 1, column: 1 };
    const match = /^([^\s:]+):\s*(\S.*)$/.exec(line);
    if (match === null) faults.push({ position, message: 'not a line of a Procfile', hint: 'write name: command' });
    else if (units.has(match[1]!))
      faults.push({ position, message: `"${match[1]}" is here twice`, hint: 'keep one of the two' });
    else {
      units.set(match[1]!, { command: match[2]!.trimEnd() });
      positions.set(match[1]!, position);
    }
  }
  return {
    input: { units: Object.fromEntries(units) },
    faults,
    locate: ([, id]) => positions.get(String(id)) ?? { line: 1, column: 1 },
  };
}
