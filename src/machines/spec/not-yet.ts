import type { UnitKind } from '../vocabulary.ts';
import type { SpecFault, SpecPath } from './fault.ts';

/** An option that specs can say and no driver can do so far. */
interface Missing {
  /** From the unit, or from the project; `*` is any one step. */
  readonly path: string;
  readonly instead: string;
  /** Only for units of this kind. */
  readonly only?: UnitKind;
  /** Only these values of it. Without it: every value that asks for something. */
  readonly when?: (value: unknown) => boolean;
}

const SCHEDULE_INSTEAD = 'use a watcher of files, or let cron call `reeve run`';

/** Shrinks as drivers arrive. An option that is not in this list works. */
const MISSING_IN_UNIT: readonly Missing[] = [
  { path: 'stop.ask.message', instead: 'ask by exec or http' },
  { path: 'idle', only: 'watcher', instead: 'leave it out' },
  { path: 'limits', instead: 'leave it out' },
  { path: 'notify', instead: 'follow the journal' },
  { path: 'schedule', instead: SCHEDULE_INSTEAD },
  { path: 'poll', instead: SCHEDULE_INSTEAD },
  { path: 'overlap', instead: SCHEDULE_INSTEAD },
  { path: 'missed', instead: SCHEDULE_INSTEAD },
  ...['maxBytes', 'keep', 'split'].map((key) => ({ path: `logs.${key}`, instead: 'leave it out' })),
];

export const notYetInUnit = (kind: UnitKind, unit: unknown, path: SpecPath): readonly SpecFault[] =>
  MISSING_IN_UNIT.filter(({ only }) => only === undefined || kind === only).flatMap((missing) =>
    found(missing, unit, path),
  );

function found({ path, instead, when = isGiven }: Missing, root: unknown, at: SpecPath): readonly SpecFault[] {
  return valuesAt(root, path.split('.'), at)
    .filter(({ value }) => when(value))
    .map((hit) => ({ code: 'NotYet', path: hit.path, message: 'reeve cannot do this yet', hint: instead }));
}

/** `null` and an empty map ask for nothing. */
const isGiven = (value: unknown): boolean =>
  typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : value !== undefined && value !== null;

interface Hit {
  readonly path: SpecPath;
  readonly value: unknown;
}

function valuesAt(value: unknown, [step, ...rest]: readonly string[], path: SpecPath): readonly Hit[] {
  if (step === undefined) return [{ path, value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value)
    .filter(([key]) => step === '*' || step === key)
    .flatMap(([key, inner]) => valuesAt(inner, rest, [...path, key]));
}
