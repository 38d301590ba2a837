import { Command, Option } from 'commander';
import pkg from '../../../package.json' with { type: 'json' };
import { type Milestone, STATES } from '../../index.ts';
import { config } from './commands/config.ts';
import { doctor } from './commands/doctor.ts';
import { down } from './commands/down.ts';
import { events } from './commands/events.ts';
import { heal } from './commands/heal.ts';
import { logs } from './commands/logs.ts';
import { requests } from './commands/requests.ts';
import { run } from './commands/run.ts';
import { status } from './commands/status.ts';
import { up } from './commands/up.ts';
import { result, wait } from './commands/wait.ts';
import type { Context } from './context.ts';
import { addHistories } from './replay/options.ts';
import { type Add, type Asks, count, fileOption, jsonOption, seconds } from './usage.ts';

/** What a command line asks for, still to be done. */
export type Invocation = (context: Context) => Promise<number>;

export interface GlobalOptions {
  readonly directory?: string;
  readonly stateDir?: string;
  readonly json?: boolean;
}

const MILESTONES: readonly Milestone[] = [...STATES, 'ready', 'finished', 'settled'];

/** The command line as a table. Parsing calls `invoke` once, with what is to be done. */
export function buildProgram(invoke: (invocation: Invocation, options: GlobalOptions) => void): Command {
  const program = new Command('reeve')
    .description('Keeps processes running, runs jobs to their end, and remembers everything.')
    .version(pkg.version, '-V, --version', 'the version of reeve')
    .exitOverride()
    .configureOutput({ writeErr: () => {}, outputError: () => {} })
    .helpCommand(false)
    .option('-C, --directory <dir>', 'the directory of the project; its state is kept under this name')
    .option('--state-dir <dir>', 'where the state is kept')
    .addHelpText('after', '\nA <ref> is the id of a unit, or the beginning of one.');
  const add = (usage: string, description: string): Command => program.command(usage).description(description);
  const asks =
    <Arguments extends readonly unknown[]>(make: (...given: Arguments) => Invocation) =>
    (...given: unknown[]): void => {
      const command = given.at(-1) as Command;
      invoke(make(...(given.slice(0, -1) as unknown as Arguments)), command.optsWithGlobals());
    };
  addLife(add, asks);
  addLooking(add, asks);
  addHistories(add, asks);
  return program;
}

/** Commands that change something. */
function addLife(add: Add, asks: Asks): void {
  add('up', 'start everything and stay; Ctrl-C stops everything')
    .addOption(fileOption())
    .option('-d, --detach', 'in the background; returns when it serves')
    .option('--plan', 'only tell what an edited file would change in what runs')
    .option('--remove-extra', 'stop and forget units that the file does not have (any more)')
    .addOption(new Option('--once', 'go through the whole life of the project once, and end').hideHelp())
    .addOption(new Option('--empty', 'without units').hideHelp())
    .addOption(new Option('--announce', 'tell the parent process when it serves').hideHelp())
    .addOption(jsonOption())
    .action(asks((options: Parameters<typeof up>[1]) => (context) => up(context, options)));
  add('down', 'stop everything, and the orchestrator')
    .addOption(jsonOption())
    .action(asks(() => down));
  add('heal', 'compare what is recorded with what is true, and act')
    .option('--dry-run', 'only tell what would be done')
    .addOption(jsonOption())
    .action(asks((options: Parameters<typeof heal>[1]) => (context) => heal(context, options)));
  add('run <cmd...>', 'run a command as a job; its output and its exit code are ours (write -- before it)')
    .option('-b, --background', 'return when it is on record, and print its id')
    .option('--timeout <duration>', 'stop it after this time, such as 10m')
    .addOption(jsonOption())
    .action(
      asks((command: string[], options: Parameters<typeof run>[2]) => (context) => run(context, command, options)),
    );
  for (const [verb, description] of [
    ['start', 'start units; returns when they are ready'],
    ['stop', 'stop units; returns when they have ended'],
    ['restart', 'stop and start units; returns when they are ready'],
    ['terminate', 'stop units and forget them, with their output'],
  ] as const) {
    add(`${verb} <ref...>`, description)
      .addOption(jsonOption())
      .action(asks((refs: string[]) => (context) => requests(context, verb, refs)));
  }
}

/** Commands that only look. */
function addLooking(add: Add, asks: Asks): void {
  add('status [ref]', 'how things are')
    .addOption(jsonOption())
    .option('-a, --all', 'old runs too')
    .addOption(new Option('-w, --watch', 'go on as it changes').conflicts('json'))
    .action(
      asks((ref: string | undefined, options: Parameters<typeof status>[2]) => (context) => {
        return status(context, ref, options);
      }),
    );
  add('logs <ref>', 'what a unit has printed')
    .option('-f, --follow', 'go on as it prints')
    .option('--head <n>', 'the first lines', count)
    .option('--tail <n>', 'the last lines', count)
    .option('--grep <regexp>', 'the lines that match')
    .option('--max-bytes <n>', 'look at no more than the end', count)
    .option('--run <id>', 'an earlier run')
    .addOption(jsonOption().conflicts('follow'))
    .action(asks((ref: string, options: Parameters<typeof logs>[2]) => (context) => logs(context, ref, options)));
  add('wait <ref>', 'wait until a unit has ended, or is in a state')
    .addOption(new Option('--for <state>', 'what to wait for').choices(MILESTONES))
    .option('--max-wait <seconds>', 'exit with 2 if it takes longer; also 500ms, 10m', seconds)
    .addOption(jsonOption())
    .action(asks((ref: string, options: Parameters<typeof wait>[2]) => (context) => wait(context, ref, options)));
  add('result <ref>', 'how the last run of a unit ended')
    .addOption(jsonOption())
    .action(asks((ref: string) => (context) => result(context, ref)));
  add('events [ref]', 'the journal: everything that happened')
    .option('-f, --follow', 'go on as it happens')
    .option('--after <seq>', 'only later entries', count)
    .addOption(jsonOption())
    .action(
      asks((ref: string | undefined, options: Parameters<typeof events>[2]) => (context) => {
        return events(context, ref, options);
      }),
    );
  add('doctor', 'look at what reeve needs of this machine and of its state directory')
    .option('--fix', 'take away permissions that are too wide')
    .addOption(jsonOption())
    .action(asks((options: Parameters<typeof doctor>[1]) => (context) => doctor(context, options)));
  add('config', 'the project file as it is understood, with every default')
    .addOption(fileOption())
    .addOption(jsonOption())
    .action(asks((options: Parameters<typeof config>[1]) => (context) => config(context, options)));
}
