/** What would have happened, had something else happened. */
import {
  type Entry,
  type Fork,
  fork,
  type Machines,
  type Parting,
  parseDuration,
  sentenceOf,
  type Trace,
} from '../../../index.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { type EditOptions, editsOf } from './edits.ts';
import type { OpenHistory } from './open-history.ts';
import { seqAt } from './when.ts';
import { differenceLines, entryWords, lineAt, nameOf } from './words.ts';

export interface ForkingOptions extends EditOptions {
  readonly fork?: string;
  readonly to?: string;
  readonly runOn?: string;
}

/** Whether a fork was asked for: by its beginning, or by an edit. */
export const asksForFork = ({ fork, edit, insert, drop, move }: ForkingOptions): boolean =>
  [fork, edit, insert, drop, move].some((given) => given !== undefined);

/** `--fork`, with edits or other machines: where the lines part, what happens then, how it ends. */
export async function forkHistory(
  { terminal, json }: Context,
  { trace }: OpenHistory,
  options: ForkingOptions,
  machines: Machines | undefined,
): Promise<number> {
  const line = fork(trace, {
    edits: editsOf(trace, options),
    ...(options.fork !== undefined && { from: seqAt(trace, options.fork) }),
    ...(options.to !== undefined && { to: seqAt(trace, options.to) }),
    ...(options.runOn !== undefined && { runOnMs: parseDuration(options.runOn, '--run-on') }),
    ...(machines && { machines }),
  });
  if (json) terminal.printJson(line);
  else {
    terminal.say(headlineOf(line, trace));
    for (const text of forkLines(line)) terminal.print(text);
  }
  return EXIT.done;
}

/** Of what it is a fork, in one sentence. */
export function headlineOf(
  { provenance: { from, to, edits, otherMachines } }: Fork,
  { header: { project } }: Trace,
): string {
  const machines = otherMachines ? ' and other machines' : '';
  const changes = `${edits.length} ${edits.length === 1 ? 'change' : 'changes'}${machines}`;
  return `${project}, entries ${from} to ${to}, lived through again with ${changes}. Nothing of it ever happened.`;
}

const ENTRIES_SHOWN = 12;

/** Where the lines part, what happens then, and how it ends. */
export function forkLines({ partings, forked, ends, unanswered, faults }: Fork): readonly string[] {
  const [first] = partings;
  if (!first) return ['The lines do not part: all of it happens as it was recorded.'];
  const after = first.forked === null ? [] : forked.slice(forked.indexOf(first.forked));
  const parted = new Set(partings.map(({ unitId }) => unitId).filter((id) => id !== '' || partings.length === 1));
  return [
    ...partingLines(first),
    ...partings.slice(1).map((parting) => `then ${partingWords(parting)}`),
    ...section(
      'What happens instead:',
      after.filter(({ unitId }) => parted.has(unitId)),
    ),
    ...ends.map(({ unitId, recorded, forked: here }) => {
      return `${nameOf(unitId)} ends as ${here ?? '(no such unit)'}, not as ${recorded ?? '(no such unit)'}`;
    }),
    ...section('Recorded, but in this line nobody had asked for it:', unanswered),
    ...faults.map(({ unitId, event, message }) => `! ${nameOf(unitId)} could not take ${event}: ${message}`),
  ];
}

/** Another event is another story; of the same one it is told what is different. */
function partingLines(parting: Parting): readonly string[] {
  const { recorded, forked, differences } = parting;
  const isSame = recorded?.event.type === forked?.event.type;
  return [`The lines part: ${partingWords(parting)}`, ...differenceLines(isSame ? differences : [], { indent: '  ' })];
}

function partingWords({ unitId, recorded, forked }: Parting): string {
  const [was, is] = [recorded, forked].map((entry) => (entry === null ? 'nothing more' : entryWords(entry)));
  return `${nameOf(unitId)} had ${was}, and has ${is}`;
}

function section(title: string, entries: readonly Entry[]): readonly string[] {
  if (entries.length === 0) return [];
  const lines = entries.slice(0, ENTRIES_SHOWN).map((entry) => lineAt(entry, sentenceOf(entry, null)));
  const more = entries.length - ENTRIES_SHOWN;
  return [title, ...lines, ...(more > 0 ? [`  … and ${more} more; --json has all of them`] : [])];
}
