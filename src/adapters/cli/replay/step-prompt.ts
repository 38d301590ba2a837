/** What is typed while one walks through a history. Pure. */
import type { EditOptions } from './edits.ts';
import type { Ground, Key, Prompt, StepSession } from './step-session.ts';

/** What the last line says while something is asked for, before what was typed. */
export const PROMPTS: Readonly<Record<Prompt['asks'], (seq: number) => string>> = {
  place: () => 'to: ',
  fork: (seq) => `what if, at entry ${seq}?  d drop it  e edit it  i insert before it  Esc leave`,
  edit: (seq) => `entry ${seq} says, such as exit.code=0, or {"type":…}: `,
  insert: (seq) => `right before entry ${seq}, such as api=stop.requested, or api={"type":…}: `,
};

export const ask = (session: StepSession, asks: Prompt['asks'], typed = ''): StepSession => ({
  ...session,
  prompt: { asks, typed },
});

/** A key, while something is asked for. */
export function typeInto(session: StepSession, prompt: Prompt, key: Key, ground: Ground): StepSession {
  const { name, sequence = '' } = key;
  if (name === 'escape') return { ...session, prompt: null };
  if (prompt.asks === 'fork') return chooseFork(session, name, ground);
  const { asks, typed } = prompt;
  if (name === 'backspace') return ask(session, asks, [...typed].slice(0, -1).join(''));
  if (name !== 'return' && name !== 'enter') {
    return /^\P{Cc}+$/u.test(sequence) ? ask(session, asks, typed + sequence) : session;
  }
  const now: StepSession = { ...session, prompt: null, notice: '' };
  const text = typed.trim();
  if (text === '') return now;
  if (asks === 'place') return goTo(now, text, ground);
  return fork(now, asks === 'edit' ? { edit: [editOf(now.seq, text)] } : { insert: [`${now.seq}:${text}`] });
}

function chooseFork(session: StepSession, name: string | undefined, ground: Ground): StepSession {
  if (name === 'd') return fork({ ...session, prompt: null }, { drop: [String(session.seq)] });
  if (name === 'e') return ask(session, 'edit');
  if (name === 'i') return ask(session, 'insert', `${ground.unitOf(session.seq) ?? ''}=`);
  return session;
}

/** A whole event, or a place in the one that is there. */
const editOf = (seq: number, text: string): string => `${seq}${text.startsWith('{') ? '=' : '.'}${text}`;

const fork = (session: StepSession, edits: EditOptions): StepSession => ({ ...session, task: { does: 'fork', edits } });

function goTo(session: StepSession, text: string, ground: Ground): StepSession {
  try {
    return { ...session, seq: ground.seqAt(text) };
  } catch (error) {
    return { ...session, notice: error instanceof Error ? error.message : String(error) };
  }
}
