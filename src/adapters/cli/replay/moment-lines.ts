import type { Printed, TraceMoment, UnitMoment } from '../../../index.ts';
import { durationWords } from '../render/result-line.ts';
import { clockOf, dayOf } from './stamps.ts';
import { lineAt, nameOf, plain, valueWords } from './words.ts';

const PRINTED_LINES_MAX = 8;
/** Shown by themselves, or the same all the time. */
const APART: ReadonlySet<string> = new Set(['id', 'epoch', 'spec', 'wishes']);

/** All that was true of a unit at a point of a history. */
export function momentLines(moment: TraceMoment, printed: Printed | null): readonly string[] {
  const { entry, cause, sentence, unitId, state, unit } = moment;
  const rows: (readonly [string, string])[] = [
    ['when', `${dayOf(entry.atMs)} ${clockOf(entry.atMs)}`],
    ...(cause ? [['because', `${cause.seq} ${nameOf(cause.unitId)} ${cause.event.type}`] as const] : []),
    ['unit', nameOf(unitId)],
    ['state', state ?? '(it was not there, or entries before are missing)'],
    ...(unit ? factsOf(unit, entry) : []),
    ...printedRows(printed),
  ];
  return [
    lineAt(entry, sentence),
    ...rows.map(([name, text], at) => row(name === rows[at - 1]?.[0] ? '' : name, text)),
  ];
}

const row = (name: string, text: string): string => `       ${name.padEnd(9)} ${text}`.trimEnd();

function factsOf({ context, timers, pending, seq }: UnitMoment, now: TraceMoment['entry']) {
  const wishes = (context.wishes ?? []) as readonly { readonly type: string }[];
  const known = Object.entries(context).filter(([key, value]) => !APART.has(key) && !isBlank(value));
  return [
    ...(seq === now.seq ? [] : [['since', `entry ${seq}`] as const]),
    ...timers.map(({ timer, dueMonoMs, lengthMs }) => {
      const left = durationWords(Math.max(0, Math.round(dueMonoMs - now.monoMs)));
      return ['waits', `${timer}: ${left} of ${durationWords(lengthMs)} left`] as const;
    }),
    ...pending.map((one) => ['asked for', `${commandWords(one.command)} (by entry ${one.seq})`] as const),
    ...wishes.map(({ type }) => ['wish', `${type}, not answered yet`] as const),
    ...known.map(([key, value]) => ['knows', `${key}: ${valueWords(value)}`] as const),
  ];
}

function commandWords({ type, params }: UnitMoment['pending'][number]['command']): string {
  return params === undefined ? type : `${type} ${Object.values(params).join(' ')}`;
}

/** What says nothing: it is so from the beginning of every unit. */
function isBlank(value: unknown): boolean {
  return value === null || value === '' || value === false || (Array.isArray(value) && value.length === 0);
}

function printedRows(printed: Printed | null): readonly (readonly [string, string])[] {
  if (printed === null || printed.text === '') return [];
  const lines = printed.text.trimEnd().split('\n').map(plain);
  const shown = lines.slice(-PRINTED_LINES_MAX).map((line) => ['printed', `| ${line}`] as const);
  const left = lines.length - shown.length;
  const note = printed.upTo === 'then' ? [] : ['it may be later than that: its lines do not say when they were'];
  const more = left > 0 ? [`${left} lines before these; --json has them`] : [];
  return [...shown, ...[...more, ...note].map((text) => ['printed', `(${text})`] as const)];
}
