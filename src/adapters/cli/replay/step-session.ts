/** Walking through a history: where somebody is, and where a key leads. Pure: keys and a history in, a place out. */
import type { SeekOptions } from '../../../index.ts';

export interface StepSession {
  readonly seq: number;
  /** Only entries of this unit are stepped to; `undefined`: all. */
  readonly unit: string | undefined;
  /** What is being typed after `t`; `null`: nothing is asked for. */
  readonly typed: string | null;
  readonly isHelp: boolean;
  /** What the last key could not do. `''`: it could. */
  readonly notice: string;
  readonly isOver: boolean;
}

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
  seek(seq: number, options: SeekOptions): number | null;
  /** The unit of an entry. */
  unitOf(seq: number): string | undefined;
  /** The entry that is meant by a number or a time. Throws words for people. */
  seqAt(text: string): number;
}

export const beginStepping = (seq: number, unit: string | undefined): StepSession => {
  return { seq, unit, typed: null, isHelp: false, notice: '', isOver: false };
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

/** Where a key leads. */
export function press(session: StepSession, key: Key, ground: Ground): StepSession {
  const { name = key.sequence ?? '', ctrl = false } = key;
  if (ctrl) return name === 'c' || name === 'd' ? { ...session, isOver: true } : session;
  if (session.typed !== null) return type(session, session.typed, key, ground);
  const now: StepSession = { ...session, notice: '', isHelp: false };
  const move = moveOf(key);
  if (move) return go(now, move, ground);
  const isEnd = name === 'end' || (name === 'g' && key.shift);
  if (isEnd) return { ...now, seq: ground.seek(ground.lastSeq + 1, { backwards: true, ...of(now) }) ?? now.seq };
  if (name === 'home' || name === 'g') return { ...now, seq: ground.seek(ground.firstSeq - 1, of(now)) ?? now.seq };
  if (name === 'q' || name === 'escape') return { ...now, isOver: name === 'q' };
  if (name === 't') return { ...now, typed: '' };
  if (name === 'u') return { ...now, unit: now.unit === undefined ? ground.unitOf(now.seq) : undefined };
  if (name === 'h' || key.sequence === '?') return { ...now, isHelp: !session.isHelp };
  return { ...now, notice: 'h shows what the keys do.' };
}

function moveOf({ name = '', shift }: Key): Move | undefined {
  const search = SEARCHES[name];
  if (!search || !shift) return search ?? MOVES[name];
  return { ...search, backwards: true, missing: search.missing.replace('after', 'before') };
}

const of = ({ unit }: StepSession): SeekOptions => (unit === undefined ? {} : { unit });

function go(session: StepSession, { missing, ...move }: Move, ground: Ground): StepSession {
  const seq = ground.seek(session.seq, { ...move, ...of(session) });
  return seq === null ? { ...session, notice: missing } : { ...session, seq };
}

function type(session: StepSession, typed: string, { name, sequence = '' }: Key, ground: Ground): StepSession {
  if (name === 'escape') return { ...session, typed: null };
  if (name === 'backspace') return { ...session, typed: typed.slice(0, -1) };
  if (name !== 'return' && name !== 'enter') {
    return /^[\x20-\x7e]$/.test(sequence) ? { ...session, typed: typed + sequence } : session;
  }
  const now: StepSession = { ...session, typed: null, notice: '' };
  if (typed.trim() === '') return now;
  try {
    return { ...now, seq: ground.seqAt(typed.trim()) };
  } catch (error) {
    return { ...now, notice: error instanceof Error ? error.message : String(error) };
  }
}
