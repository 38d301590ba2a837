/** Walking through a history: where somebody is, and where a key leads. Pure: what takes time is asked for. */
import type { SeekOptions } from '../../../index.ts';
import type { EditOptions } from './edits.ts';
import { ask, typeInto } from './step-prompt.ts';

export interface StepSession {
  readonly seq: number;
  /** Only entries of this unit are stepped to; `undefined`: all. */
  readonly unit: string | undefined;
  /** `null`: nothing is asked for. */
  readonly prompt: Prompt | null;
  readonly isHelp: boolean;
  /** What would have happened, in place of what has; `null`: nothing like that is looked at. */
  readonly fork: readonly string[] | null;
  /** What the last key could not do. `''`: it could. */
  readonly notice: string;
  /** What the last key asks for, and takes its time. `null`: nothing. */
  readonly task: StepTask | null;
  readonly isOver: boolean;
}

/** What is being typed, and what for: a place to go to, which way to fork, or what is to happen there instead. */
export interface Prompt {
  readonly asks: 'place' | 'fork' | 'edit' | 'insert';
  readonly typed: string;
}

/** A search through the history, or a fork of it. */
export type StepTask =
  | { readonly does: 'seek'; readonly from: number; readonly move: SeekOptions; readonly missing: string }
  | { readonly does: 'fork'; readonly edits: EditOptions };

/** A key, as `node:readline` names it. */
export interface Key {
  readonly name?: string | undefined;
  readonly ctrl?: boolean | undefined;
  readonly shift?: boolean | undefined;
  /** What it writes, if it does. */
  readonly sequence?: string | undefined;
}

/** The history that is walked through. */
export interface Ground {
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** The unit of an entry. */
  unitOf(seq: number): string | undefined;
  /** The entry that is meant by a number or a time. Throws words for people. */
  seqAt(text: string): number;
}

export const beginStepping = (seq: number, unit: string | undefined): StepSession => {
  return { seq, unit, prompt: null, isHelp: false, fork: null, notice: '', task: null, isOver: false };
};

/** What the keys do, in the order in which the help shows them. The capital letter of a search goes back. */
export const STEP_KEYS: readonly (readonly [keys: string, what: string])[] = [
  ['→ n space', 'the next entry'],
  ['← b', 'the one before'],
  ['↓ ↑', 'ten on, ten back'],
  ['s S', 'the next, the last change of a state'],
  ['c C', 'the next, the last command to the world'],
  ['e E', 'the next, the last error'],
  ['Home g, End G', 'the beginning, the end'],
  ['t', 'to an entry or a time: 42, 12:03:55, +2m'],
  ['u', 'only this unit, or all again'],
  ['f', 'a fork from here: what if this entry were another one?'],
  ['h ?', 'this help'],
  ['q Ctrl-C', 'leave'],
];

type Move = SeekOptions & { readonly missing: string };

const NEXT: Move = { missing: 'This is the end.' };
const BACK: Move = { backwards: true, missing: 'This is the beginning.' };

const SEARCHES: Readonly<Record<string, Move>> = {
  s: { mark: 'state', missing: 'No state changes after this.' },
  c: { mark: 'command', missing: 'Nothing is commanded after this.' },
  e: { mark: 'error', missing: 'No error after this.' },
};

const MOVES: Readonly<Record<string, Move>> = {
  right: NEXT,
  n: NEXT,
  space: NEXT,
  return: NEXT,
  left: BACK,
  b: BACK,
  p: BACK,
  down: { ...NEXT, count: 10 },
  pagedown: { ...NEXT, count: 10 },
  up: { ...BACK, count: 10 },
  pageup: { ...BACK, count: 10 },
};

/** Where a key leads, or what it asks for. */
export function press(session: StepSession, key: Key, ground: Ground): StepSession {
  const { name = key.sequence ?? '', ctrl = false } = key;
  if (ctrl) return name === 'c' || name === 'd' ? { ...session, isOver: true } : session;
  if (session.prompt !== null) return typeInto(session, session.prompt, key, ground);
  const now: StepSession = { ...session, notice: '', isHelp: false, fork: null };
  // Any key leads back to what was recorded.
  if (session.fork !== null) return now;
  const move = moveOf(key);
  if (move) return search(now, now.seq, move);
  if (name === 'end' || (name === 'g' && key.shift)) return search(now, ground.lastSeq + 1, BACK);
  if (name === 'home' || name === 'g') return search(now, ground.firstSeq - 1, NEXT);
  if (name === 'q' || name === 'escape') return { ...now, isOver: name === 'q' };
  if (name === 't') return ask(now, 'place');
  if (name === 'f') return ask(now, 'fork');
  if (name === 'u') return { ...now, unit: now.unit === undefined ? ground.unitOf(now.seq) : undefined };
  if (name === 'h' || key.sequence === '?') return { ...now, isHelp: !session.isHelp };
  return { ...now, notice: 'h shows what the keys do.' };
}

/** Where a search has led; `null`: nowhere. */
export function arrive(session: StepSession, seq: number | null): StepSession {
  const missing = session.task?.does === 'seek' ? session.task.missing : '';
  return { ...session, task: null, ...(seq === null ? { notice: missing } : { seq }) };
}

function moveOf({ name = '', shift }: Key): Move | undefined {
  const search = SEARCHES[name];
  if (!search || !shift) return search ?? MOVES[name];
  return { ...search, backwards: true, missing: search.missing.replace('after', 'before') };
}

function search(session: StepSession, from: number, { missing, ...move }: Move): StepSession {
  const ofUnit = session.unit === undefined ? {} : { unit: session.unit };
  return { ...session, task: { does: 'seek', from, move: { ...move, ...ofUnit }, missing } };
}
