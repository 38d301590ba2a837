/** Why something is as it is: the way back to the wish or the fact that began it. */
import type { Command } from '../../machines/commands.ts';
import { stateOf } from '../../machines/view.ts';
import type { UnitId } from '../../machines/vocabulary.ts';
import type { Entry } from '../rows.ts';
import type { UnitMoment } from './fold.ts';
import { type History, momentAt } from './history.ts';
import { sentenceOf } from './sentences.ts';

/** How an entry is known to have led to the next one. */
export type CauseKind =
  /** It told the other unit, in the same tick. */
  | 'told'
  /** It started the timer that fired. */
  | 'timer'
  /** A driver or a probe answered its command. */
  | 'answer'
  /** The supervisor looked at what had changed. */
  | 'change';

export interface CauseLink {
  readonly entry: Entry;
  /** In words, for people. */
  readonly sentence: string;
  /** How it led to the entry before it in the chain; `null` for the first, which is what was asked about. */
  readonly led: CauseKind | null;
}

export interface CauseChain {
  /** From what was asked about, back to what began it. */
  readonly links: readonly CauseLink[];
  /** Where the chain ends: with a wish, with something that happened outside, or where the history begins. */
  readonly began: 'wish' | 'fact' | 'policy' | 'before-history';
}

/** A chain longer than that explains nothing. */
const LINKS_MAX = 1_000;

/** The chain of causes of an entry. `null`: there is no such entry. */
export function causesOf(history: History, seq: number): CauseChain | null {
  const links: CauseLink[] = [];
  let led: CauseKind | null = null;
  for (let at: number | null = seq; at !== null && links.length < LINKS_MAX; ) {
    const entry: Entry | null = history.entry(at);
    if (entry === null) return links.length === 0 ? null : { links, began: 'before-history' };
    const before = momentAt(history, entry.unitId, entry.seq - 1);
    links.push({ entry, sentence: sentenceOf(entry, before), led });
    const cause = causeOf(entry, before);
    if (cause === null) return { links, began: beginningOf(entry) };
    led = kindOf(entry, history.entry(cause));
    at = cause;
  }
  return { links, began: 'before-history' };
}

/** The newest entry, up to `throughSeq`, with which a unit came into a top-level state; `null`: it never did. */
export function lastEntryInto(history: History, unitId: UnitId, state: string, throughSeq: number): number | null {
  let found: number | null = null;
  let last: string | null = null;
  for (const { seq, value } of history.entries({ unitId, throughSeq })) {
    const { state: now, substate } = stateOf(value);
    if (now !== last && now === state) found = seq;
    else if (substate === state) found = seq;
    last = now;
  }
  return found;
}

/** An end that we had asked for is an answer to that, though it comes from outside. */
function causeOf({ cause, event }: Entry, before: UnitMoment | null): number | null {
  if (cause !== null) return cause;
  if (event.type !== 'run.exited' && event.type !== 'run.lost') return null;
  return before?.pending.find(({ command }) => command.type === 'endRun')?.seq ?? null;
}

function kindOf(entry: Entry, cause: Entry | null): CauseKind {
  if (entry.event.type.startsWith('timer.')) return 'timer';
  if (entry.event.type === 'unit.changed') return 'change';
  return cause?.commands.some((command) => tells(command, entry)) ? 'told' : 'answer';
}

/** Whether this command is what put that entry into the journal. */
export const tells = (command: Command, { unitId, event }: Entry): boolean =>
  command.type === 'tell' && command.params.to === unitId && command.params.event.type === event.type;

function beginningOf({ event }: Entry): CauseChain['began'] {
  if (!event.type.endsWith('.requested')) return event.type.startsWith('unit.') ? 'wish' : 'fact';
  return 'by' in event && /^(?:group|watcher):/.test(event.by) ? 'policy' : 'wish';
}
