import { problemOf } from '../../index.ts';
import type { Context } from './context.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { whileRead } from './while-read.ts';

/**
 * A list that may be long, as one JSON document: `{"name":[` and an item a line.
 *
 * What goes wrong when some of it was written already is told in the same document, as its `error`.
 *
 * @returns The exit code.
 */
export async function writeJsonList(
  context: Context,
  name: string,
  open: (signal: AbortSignal) => AsyncIterable<unknown>,
): Promise<number> {
  const { terminal } = context;
  let separator = `{${JSON.stringify(name)}:[\n`;
  let end = ']}';
  let code: number = EXIT.done;
  try {
    for await (const item of whileRead(context, open)) {
      await terminal.write(`${separator}${JSON.stringify(item)}`);
      separator = ',\n';
    }
  } catch (error) {
    if (separator.startsWith('{')) throw error;
    const problem = problemOf(error);
    end = `],"error":${JSON.stringify(problem)}}`;
    code = exitCodeOf(problem.code);
  }
  await terminal.write(`${separator.startsWith('{') ? separator : '\n'}${end}\n`);
  return code;
}
