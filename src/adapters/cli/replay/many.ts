import { existsSync, globSync, statSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { type Machines, problemOf, type ReplayedTrace, replayAll } from '../../../index.ts';
import type { Context } from '../context.ts';
import { BadUsage } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { divergenceLines, summaryOf } from './check.ts';

/** `--ci`: every trace that the patterns mean, one after the other. 1 if any of them is not as it was. */
export async function replayMany(
  { terminal, json, cwd }: Context,
  patterns: readonly string[],
  machines: Machines | undefined,
): Promise<number> {
  const paths = tracesIn(cwd, patterns);
  const traces: ReplayedTrace[] = [];
  for await (const trace of replayAll(paths, machines ? { machines } : {})) {
    traces.push(trace);
    if (!json) for (const line of linesOf(trace, cwd)) terminal.print(line);
  }
  const failed = traces.filter(({ error }) => error !== null).length;
  if (json) terminal.printJson({ ok: failed === 0, traces: traces.map(documentOf) });
  else {
    const count = `${traces.length} ${traces.length === 1 ? 'trace' : 'traces'}`;
    terminal.say(`${count}: ${failed === 0 ? 'all as recorded' : `${failed} not as recorded`}.`);
  }
  return failed === 0 ? EXIT.done : EXIT.failed;
}

/**
 * Files that are named, directories of them, and patterns. A check that checks nothing is a mistake of whoever wrote
 * it.
 *
 * @throws {BadUsage}
 */
function tracesIn(cwd: string, patterns: readonly string[]): readonly string[] {
  const found = patterns.flatMap((pattern) => {
    const path = resolve(cwd, pattern);
    const isFile = existsSync(path) && statSync(path).isFile();
    if (isFile) return [path];
    const traces = globSync(existsSync(path) ? '**' : pattern, { cwd: existsSync(path) ? path : cwd })
      .map((name) => resolve(existsSync(path) ? path : cwd, name))
      .filter((name) => /\.jsonl(?:\.gz)?$/.test(name));
    if (traces.length > 0) return traces;
    throw new BadUsage({
      what: `There is no trace ${pattern} in ${cwd}.`,
      hint: 'Name files, directories, or patterns in quotes: --ci "histories/**". Traces end in .jsonl or .jsonl.gz.',
    });
  });
  return [...new Set(found)].sort();
}

function linesOf({ path, verification, error }: ReplayedTrace, cwd: string): readonly string[] {
  const name = relative(cwd, path);
  if (verification === null) return [`✗ ${name}`, `    ${problemOf(error).message}`];
  const { first } = verification;
  const where = first === null ? [] : divergenceLines(first).map((line) => `    ${line}`);
  return [`${error === null ? '✓' : '✗'} ${summaryOf(verification, name)}`, ...where];
}

const documentOf = ({ path, verification, error }: ReplayedTrace) => ({
  path,
  ok: error === null,
  error: error === null ? null : problemOf(error),
  ...(verification ?? {}),
});
