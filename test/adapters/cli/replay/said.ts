/** The real parser and the real commands, in this process, at a terminal that only remembers. */

import { exitCodeOf } from '../../../../src/adapters/cli/exit-codes.ts';
import { buildProgram, type Invocation } from '../../../../src/adapters/cli/program.ts';
import type { Terminal } from '../../../../src/adapters/cli/terminal.ts';
import { problemOf } from '../../../../src/index.ts';

export interface Said {
  readonly code: number;
  /** Lines of the answer. */
  readonly out: readonly string[];
  /** Lines for people. */
  readonly err: readonly string[];
}

export interface At {
  readonly cwd?: string;
  readonly stateDir?: string;
}

/** What `reeve` with these arguments says, and its exit code. */
export async function said(argv: readonly string[], at: At = {}): Promise<Said> {
  const { code, pieces } = await heard(argv, at);
  const textOf = (wanted: Piece['to']): string =>
    pieces.flatMap(({ to, text }) => (to === wanted ? text : [])).join('');
  return { code, out: linesOf(textOf('out')), err: linesOf(textOf('err')) };
}

/** What somebody at a terminal sees of it. */
export const seen = async (argv: readonly string[], at: At = {}): Promise<string> =>
  (await heard(argv, at)).pieces.map(({ text }) => text).join('');

interface Piece {
  readonly to: 'out' | 'err';
  readonly text: string;
}

async function heard(
  argv: readonly string[],
  { cwd = '/', stateDir = '/nonexistent' }: At,
): Promise<{ readonly code: number; readonly pieces: readonly Piece[] }> {
  const asked: Invocation[] = [];
  buildProgram((invocation) => asked.push(invocation)).parse(argv, { from: 'user' });
  const pieces: Piece[] = [];
  const terminal = memory(
    (text) => pieces.push({ to: 'out', text }),
    (text) => pieces.push({ to: 'err', text }),
  );
  const { signal } = new AbortController();
  const interrupts = { signal, handle: () => {}, release: () => {} };
  const json = argv.includes('--json');
  const context = { cwd, stateDir, env: {}, json, terminal, interrupts };
  const code = await asked[0]!(context).catch((error: unknown) => {
    const problem = problemOf(error);
    terminal.say(`${problem.message}\n  ${problem.hint}`);
    return exitCodeOf(problem.code);
  });
  return { code, pieces };
}

/** The one document that a command with `--json` prints. */
export async function document<T>(argv: readonly string[], at: At = {}): Promise<T> {
  const { out, err } = await said([...argv, '--json'], at);
  if (err.length > 0) throw new Error(err.join('\n'));
  return JSON.parse(out.join('\n')) as T;
}

const linesOf = (text: string): readonly string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

function memory(print: (text: string) => void, say: (text: string) => void): Terminal {
  const terminal = {
    isInteractive: false,
    columns: Number.POSITIVE_INFINITY,
    rows: 24,
    readerGone: new AbortController().signal,
    async write(text: string) {
      print(text);
    },
    print: (line: string) => print(`${line}\n`),
    printJson: (found: unknown) => print(`${JSON.stringify(found)}\n`),
    writeAside: say,
    say: (line: string) => say(`${line}\n`),
    worded: (text: string) => text,
    callReeve: () => {},
    onResize: () => () => {},
    drained: async () => {},
  };
  return terminal;
}
