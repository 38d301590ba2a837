/** What the command line knows of histories. */
import { replay } from '../commands/replay.ts';
import { exportHistory, importFile, listKept, printSchema } from '../commands/trace.ts';
import { type Add, type Asks, count, jsonOption } from '../usage.ts';

/** Adds `replay` and `trace`. */
export function addHistories(add: Add, asks: Asks): void {
  addReplay(add, asks);
  const trace = add('trace', 'histories as files, to pass on and to keep');
  addTrace((usage, description) => trace.command(usage).description(description), asks);
}

function addReplay(add: Add, asks: Asks): void {
  add('replay [ref|file]', 'go through a history again: verify it, look at it, change it. Nothing is performed')
    .option('--unit <ref>', 'of this unit only, where a file is named')
    .option('--list', 'every entry, told')
    .option('--at <seq|time>', 'all that was true then')
    .option('--diff <seq|time...>', 'what changed between two points')
    .option('--watch <path>', 'every entry that changed a value, such as restarts, run.runId, or value (the state)')
    .option('--why <state|seq>', 'the chain of causes, back to where it began')
    .option('--eval <expression>', 'JSONata, evaluated at every entry')
    .option('--from <seq|time>', 'no earlier entries')
    .option('--to <seq|time>', 'no later entries')
    .option('--step', 'walk through it, at a terminal; h shows the keys')
    .option('--fork <seq|time>', 'decide everything anew from here on, without effects')
    .option('--edit <seq.path=value>', 'in a fork: an event says something else (or <seq>={"type":…})', collected)
    .option('--insert <seq:ref=event>', 'in a fork: something more happens right before that entry', collected)
    .option('--drop <seq>', 'in a fork: it does not happen', collected)
    .option('--move <seq:before>', 'in a fork: it happens right before another entry', collected)
    .option('--run-on <duration>', 'in a fork: timers go on to fire for so long after the end')
    .option('--machines <module>', 'machines of a project, or of another version, in place of ours')
    .option('--ci <pattern...>', 'verify many traces, such as "histories/**"')
    .option('--allow-damaged', 'look at what is left of a damaged trace')
    .addOption(jsonOption())
    .action(
      asks((what: string | undefined, options: Parameters<typeof replay>[2]) => (context) => {
        return replay(context, what, options);
      }),
    );
}

function addTrace(add: Add, asks: Asks): void {
  add('export [ref...]', 'write a piece of the history, or all of it; without -o to stdout')
    .option('-o, --output <file>', 'a new file; packed if it ends with .gz')
    .option('--of <file>', 'a piece of this trace instead')
    .option('--from <seq|time>', 'no earlier entries')
    .option('--to <seq|time>', 'no later entries')
    .option('--around <seq|time>', 'an incident: this entry, and those near it')
    .option('--entries <n>', 'so many on either side of it', count)
    .option('--output-bytes <n>', 'so much of the end of what each run printed; 0: none', count)
    .option('--redact <regexp>', 'what must not be passed on, beside secrets', collected)
    .addOption(jsonOption())
    .action(
      asks((refs: string[], options: Parameters<typeof exportHistory>[2]) => (context) => {
        return exportHistory(context, refs, options);
      }),
    );
  add('import <file>', 'take a trace in, so that it is at hand by its name; nothing of it is run')
    .addOption(jsonOption())
    .action(asks((file: string) => (context) => importFile(context, file)));
  add('list', 'the traces that were taken in')
    .addOption(jsonOption())
    .action(asks(() => listKept));
  add('schema', 'what a line of a trace looks like, as JSON Schema')
    .addOption(jsonOption())
    .action(asks(() => printSchema));
}

const collected = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
