import { resolve } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { problemOf, resolveStateDir } from '../../index.ts';
import { callingName } from './calling-name.ts';
import type { Context } from './context.ts';
import { BadUsage, Interrupted } from './errors.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { type Interrupts, listenForInterrupts } from './interrupts.ts';
import { assertDirectory } from './places.ts';
import { buildProgram, type GlobalOptions, type Invocation } from './program.ts';
import { similar } from './similar.ts';
import { processTerminal, type Terminal } from './terminal.ts';

/**
 * The command line, from its arguments to its exit code. Never rejects, and never shows a stack.
 *
 * @param argv Without the names of Node and of the script.
 */
export async function run(argv: readonly string[]): Promise<number> {
  const terminal = processTerminal();
  terminal.callReeve(callingName(process.env, {}));
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
  const { env } = process;
  assertNamed('-C', options.directory);
  assertNamed('--state-dir', options.stateDir);
  terminal.callReeve(callingName(env, options));
  const cwd = resolve(options.directory ?? '.');
  assertDirectory(cwd);
  const stateDir = resolveStateDir({ stateDir: options.stateDir && resolve(options.stateDir), cwd, env });
  const context: Context = { cwd, stateDir, env, json: options.json === true, terminal, interrupts };
  const interrupted = Promise.withResolvers<never>();
  interrupts.signal.addEventListener('abort', () => interrupted.reject(interrupts.signal.reason), { once: true });
  return Promise.race([invocation(context), interrupted.promise]);
}

/** A variable that is not set, in a script, must not name the place where one is. */
function assertNamed(option: string, given: string | undefined): void {
  if (given !== '') return;
  throw new BadUsage({ what: `${option} is empty.`, hint: 'Name a directory, or leave it out.' });
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
    program.parse(helpAsOption(jsonBehindCommand(argv)), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return null;
    throw usageOf(error, argv, program.commands);
  }
  return asked;
}

/** `reeve help wait`, as in other tools, is `reeve wait --help`. */
const helpAsOption = (argv: readonly string[]): readonly string[] =>
  argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv;

/** `--json` is an option of every command, and so may stand before them all. */
function jsonBehindCommand(argv: readonly string[]): readonly string[] {
  let at = 0;
  while (argv[at]?.startsWith('-') && argv[at] !== '--') at += TAKES_A_PLACE.test(argv[at]!) ? 2 : 1;
  const before = argv.slice(0, at);
  if (!before.includes('--json') || at >= argv.length) return argv;
  return [...before.filter((word) => word !== '--json'), argv[at]!, '--json', ...argv.slice(at + 1)];
}

const TAKES_A_PLACE = /^(-C|--directory|--state-dir)$/;

/** Commander's words end in a guess, in brackets, where there is one. Ours knows which commands there are. */
function usageOf({ message }: CommanderError, argv: readonly string[], commands: readonly Command[]): BadUsage {
  const [first = '', guess] = message.replace(/^error: /, '').split('\n');
  const what = `${first.charAt(0).toUpperCase()}${first.slice(1)}`;
  const names = commands.map((command) => command.name());
  const unknown = /^unknown command '(.*)'$/.exec(first)?.[1];
  const command = unknown === undefined ? argv.find((word) => names.includes(word)) : undefined;
  const see = command === undefined ? 'See `reeve --help`.' : `See \`reeve ${command} --help\`.`;
  const meant = unknown === undefined ? guess?.replace(/^\(|\)$/g, '') : didYouMean(unknown, names);
  return new BadUsage({ what: what.endsWith('.') ? what : `${what}.`, hint: meant ?? see });
}

/** What other tools call a command of ours. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ...['ps', 'ls', 'list', 'info'].map((word) => [word, 'status'] as const),
  ...['rm', 'remove', 'delete'].map((word) => [word, 'terminate'] as const),
  ['kill', 'stop'],
  ['exec', 'run'],
  ['tail', 'logs'],
  ['journal', 'events'],
]);

function didYouMean(word: string, names: readonly string[]): string | undefined {
  const meant = ELSEWHERE.get(word) ?? similar(word, names);
  return meant === null ? undefined : `Did you mean ${meant}?`;
}

/** What stands after `--` belongs to somebody else. */
function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json');
}

function tell(error: unknown, terminal: Terminal, json: boolean): number {
  const { code, message, hint } = problemOf(error);
  if (error instanceof Interrupted) return EXIT.interrupted;
  if (json) terminal.printJson({ error: { code, message: terminal.worded(message), hint: terminal.worded(hint) } });
  else terminal.say(`${message}\n  ${hint}`);
  return exitCodeOf(code);
}
