/** What `--edit`, `--insert`, `--drop` and `--move` mean. */
import type { ForkEdit, Trace } from '../../../index.ts';
import { BadUsage } from '../errors.ts';
import { unitIn } from './open-history.ts';

export interface EditOptions {
  readonly edit?: readonly string[];
  readonly insert?: readonly string[];
  readonly drop?: readonly string[];
  readonly move?: readonly string[];
}

type Event = Extract<ForkEdit, { readonly event: unknown }>['event'];

/** In the order in which a fork applies them. */
export function editsOf(
  trace: Trace,
  { edit = [], insert = [], drop = [], move = [] }: EditOptions,
): readonly ForkEdit[] {
  return [
    ...edit.map((text) => editIn(trace, text)),
    ...insert.map((text) => insertIn(trace, text)),
    ...drop.map((text) => ({ seq: Number(matched(DROP, text, '--drop', '42')[1]), drop: true }) as const),
    ...move.map((text) => {
      const [, seq, moveTo] = matched(MOVE, text, '--move', '42:40 (42 happens right before 40)');
      return { seq: Number(seq), moveTo: Number(moveTo) };
    }),
  ];
}

const DROP = /^(\d+)$/;
const MOVE = /^(\d+):(\d+)$/;
const EDIT = /^(\d+)((?:\.[\w-]+)*)=(.*)$/s;
const INSERT = /^(\d+):([\w.-]*)=(.*)$/s;

/** `42={"type":…}` is another event; `42.exit.code=0` is the same one, but for that. */
function editIn(trace: Trace, text: string): ForkEdit {
  const [, number = '', path = '', value = ''] = matched(EDIT, text, '--edit', '42.exit.code=0, or 42={"type":…}');
  const seq = Number(number);
  if (path === '') return { seq, event: eventIn(value) };
  const event = trace.entry(seq)?.event;
  if (!event) throw new BadUsage({ what: `There is no entry ${seq} to edit.`, hint: 'See `reeve replay --list`.' });
  return { seq, event: withValue(event, path.slice(1).split('.'), jsonOr(value)) as Event };
}

/** `42:api={"type":…}`; `42:api=stop.requested` is enough where an event says nothing more. */
function insertIn(trace: Trace, text: string): ForkEdit {
  const [, seq, ref = '', value = ''] = matched(
    INSERT,
    text,
    '--insert',
    '42:api=stop.requested, or 42:api={"type":…}',
  );
  const unit = ref === '' ? '' : unitIn(trace, ref);
  return { seq: Number(seq), insert: { unit, event: eventIn(value) } };
}

/** A request is one that nobody waits for. */
function eventIn(text: string): Event {
  const value = jsonOr(text);
  if (typeof value !== 'string') return value;
  return value.endsWith('.requested') ? { type: value, requestId: null, by: 'fork' } : { type: value };
}

/** What is no JSON is text: nobody likes to quote twice. */
function jsonOr(text: string): Event {
  try {
    return JSON.parse(text) as Event;
  } catch {
    return text;
  }
}

function withValue(tree: unknown, [key = '', ...rest]: readonly string[], value: Event): unknown {
  const inner = typeof tree === 'object' && tree !== null ? (tree as Readonly<Record<string, unknown>>) : {};
  return { ...inner, [key]: rest.length === 0 ? value : withValue(inner[key], rest, value) };
}

function matched(pattern: RegExp, text: string, option: string, example: string): RegExpExecArray {
  const found = pattern.exec(text);
  if (found) return found;
  throw new BadUsage({ what: `${option} does not understand "${text}".`, hint: `Write ${option} ${example}.` });
}
