import { resolve } from 'node:path';
import { CommanderError } from 'commander';
import { problemOf, resolveStateDir } from '../../index.ts';
import type { Context } from './context.ts';
import { BadUsage, Interrupted } from './errors.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { type Interrupts, listenForInterrupts } from './interrupts.ts';
import { assertDirectory } from './places.ts';
import { buildProgram, type GlobalOptions, type Invocation } from './program.ts';
import { processTerminal, type Terminal } from './terminal.ts';

/**
 * The command line, from its arguments to its exit code. Never rejects, and never shows a stack.
 *
 * @param argv Without the names of Node and of the script.
 */
export async function run(argv: readonly string[]): Promise<number> {
  const terminal = processTerminal();
  const interrupts = listenForInterrupts();
  const json = asksForJson(argv);
  const code = await attempt(argv, terminal, interrupts).catch((error: unknown) => tell(error, terminal, json));
  await terminal.drained();
  interrupts.release();
  // Whatever a command waited for when it was interrupted, nobody waits for it any more.
  if (interrupts.signal.aborted) process.exit(code);
  return code;
}

async function attempt(argv: readonly string[], terminal: Terminal, interrupts: Interrupts): Promise<number> {
  const asked = parse(argv, terminal);
  if (asked === null) return EXIT.done;
  const { invocation, options } = asked;
  const cwd = resolve(options.directory ?? '.');
  assertDirectory(cwd);
  const { env } = process;
  const stateDir = resolveStateDir({ stateDir: options.stateDir && resolve(options.stateDir), cwd, env });
  const context: Context = { cwd, stateDir, env, json: options.json === true, terminal, interrupts };
  const interrupted = Promise.withResolvers<never>();
  interrupts.signal.addEventListener('abort', () => interrupted.reject(interrupts.signal.reason), { once: true });
  return Promise.race([invocation(context), interrupted.promise]);
}

interface Asked {
  readonly invocation: Invocation;
  readonly options: GlobalOptions;
}

/** `null`: help was asked for, and given. @throws {BadUsage} */
function parse(argv: readonly string[], terminal: Terminal): Asked | null {
  let asked: Asked | null = null;
  const program = buildProgram((invocation, options) => {
    asked = { invocation, options };
  });
  if (argv.length === 0) {
    terminal.say(program.helpInformation());
    throw new BadUsage({ what: 'What shall be done?', hint: 'Begin with `reeve up`.' });
  }
  try {
    program.parse(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return null;
    throw usageOf(error, argv);
  }
  return asked;
}

/** Commander's words end in a guess, in brackets, where there is one. */
function usageOf({ message }: CommanderError, argv: readonly string[]): BadUsage {
  const [first = '', guess] = message.replace(/^error: /, '').split('\n');
  const what = `${first.charAt(0).toUpperCase()}${first.slice(1)}`;
  const command = argv.find((word) => /^[a-z]+$/.test(word)) ?? '';
  const see = first.startsWith('unknown command') ? 'See `reeve --help`.' : `See \`reeve ${command} --help\`.`;
  return new BadUsage({ what: what.endsWith('.') ? what : `${what}.`, hint: guess?.replace(/^\(|\)$/g, '') ?? see });
}

/** What stands after `--` belongs to somebody else. */
function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json');
}

function tell(error: unknown, terminal: Terminal, json: boolean): number {
  const { code, message, hint } = problemOf(error);
  if (error instanceof Interrupted) return EXIT.interrupted;
  if (json) terminal.printJson({ error: { code, message, hint } });
  else terminal.say(`${message}\n  ${hint}`);
  return exitCodeOf(code);
}
