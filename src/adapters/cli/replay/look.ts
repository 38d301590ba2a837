/** One look at a history: what was, what changed between two points, why something is so. */
import { type CauseChain, type CauseKind, diff, type Trace, why } from '../../../index.ts';
import type { Context } from '../context.ts';
import { BadUsage } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { momentLines } from './moment-lines.ts';
import type { OpenHistory } from './open-history.ts';
import { seqAt } from './when.ts';
import { differenceLines, lineAt, nameOf, telling } from './words.ts';

/** `--at`: a point of a history, and all that was true of a unit then. */
export async function lookAt({ terminal, json }: Context, { trace, unit }: OpenHistory, when: string): Promise<number> {
  const moment = trace.at(seqAt(trace, when), unit)!;
  const isThere = !/^\d+$/.test(when) || moment.seq === Number(when);
  if (!isThere && !json) terminal.say(`There is no entry ${when} here: this is the last one before it.`);
  const printed = moment.unitId === '' ? null : await trace.printed(moment.unitId, moment.seq);
  if (json) {
    // As --step shows it: with what the entry has changed.
    const [changes] = diff(trace, moment.seq - 1, moment.seq, moment.unitId);
    terminal.printJson({ ...moment, changed: changes?.differences ?? [], printed });
  } else for (const line of momentLines(moment, printed)) terminal.print(line);
  return EXIT.done;
}

/** `--diff`: for every unit that changed between two points, where, from what to what. */
export async function lookBetween(
  { terminal, json }: Context,
  { trace, unit }: OpenHistory,
  points: readonly string[],
): Promise<number> {
  const [from, to, ...rest] = points;
  if (from === undefined || to === undefined || rest.length > 0) {
    throw new BadUsage({ what: `--diff takes two points, not ${points.length}.`, hint: 'Write --diff 12 40.' });
  }
  const [first, last] = [seqAt(trace, from), seqAt(trace, to)];
  const units = diff(trace, first, last, unit);
  if (json) terminal.printJson({ from: first, to: last, units });
  else if (units.length === 0) terminal.say(`Nothing changed between entry ${first} and entry ${last}.`);
  else {
    for (const { unitId, differences } of units) {
      terminal.print(nameOf(unitId));
      for (const line of differenceLines(telling(differences), { indent: '  ' })) terminal.print(line);
    }
  }
  return EXIT.done;
}

/** `--why`: the chain of causes of an entry, or of the last time that a unit came into a state. */
export async function lookWhy(
  { terminal, json }: Context,
  { trace, unit }: OpenHistory,
  question: string,
): Promise<number> {
  const chain = why(trace, /^\d+$/.test(question) ? Number(question) : { unit: unitOf(trace, unit), state: question });
  if (json) {
    terminal.printJson(chain);
    return EXIT.done;
  }
  for (const line of chainLines(chain)) terminal.print(line);
  terminal.say(BEGAN[chain.began]);
  return EXIT.done;
}

/** What flaps has a chain without end: shown are what was asked about, and how it began. */
const NEAREST_SHOWN = 12;
const FIRST_SHOWN = 3;

function chainLines({ links }: CauseChain): readonly string[] {
  const lines = links.map(({ entry, sentence, led }) => {
    const told = led === null ? sentence : `↳ ${LED[led]} ${sentence.replace(/^The /, 'the ')}`;
    return lineAt(entry, told);
  });
  const between = lines.length - NEAREST_SHOWN - FIRST_SHOWN;
  if (between <= 1) return lines;
  const note = `       … ${between} more causes in between; --json has all of them`;
  return [...lines.slice(0, NEAREST_SHOWN), note, ...lines.slice(-FIRST_SHOWN)];
}

/** What stands between an effect and its cause, as one sentence. */
const LED: Readonly<Record<CauseKind, string>> = {
  told: 'it was told so when',
  timer: 'that wait began when',
  answer: 'that answers what was ordered when',
  change: 'that was looked at when',
};

const BEGAN = {
  wish: 'That was asked for: it began there.',
  fact: 'That happened outside: nobody had asked for it.',
  policy: 'That was decided by a policy.',
  'before-history': 'What led there was before this history.',
} as const;

function unitOf(trace: Trace, unit: string | undefined): string {
  const ids = trace.unitIds.filter((id) => id !== '');
  const only = unit ?? (ids.length === 1 ? ids[0] : undefined);
  if (only !== undefined) return only;
  const known = ids.slice(0, 10);
  throw new BadUsage({ what: 'Of which unit?', hint: `Name it with --unit. There is: ${known.join(', ') || 'none'}.` });
}
