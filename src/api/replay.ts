import type { UnitId } from '../machines/vocabulary.ts';
import { type Difference, differencesBetween, valueAt } from '../store/replay/differences.ts';
import type { UnitMoment } from '../store/replay/fold.ts';
import { type FoldStep, foldSteps, type History, momentAt } from '../store/replay/history.ts';
import { type Checked, type Divergence, type Machines, Verifier } from '../store/replay/verify.ts';
import { type CauseChain, causesOf, lastEntryInto } from '../store/replay/why.ts';
import type { Entry } from '../store/rows.ts';
import { InvalidOption } from './errors.ts';
import { entryRange, sourceOf } from './trace.ts';
import type { Trace, TraceRange } from './trace-types.ts';
import { nextTurn, STEPS_PER_TURN } from './turns.ts';

export interface ReplayOptions extends TraceRange {
  /** Has machines decide every entry again, and compares. @default false */
  readonly verify?: boolean;
  /** Other machines in place of ours: a version of them that was changed. @default those of this reeve */
  readonly machines?: Machines;
  readonly signal?: AbortSignal;
}

/** One entry, what was true of its unit before and after it, and whether a machine decides the same again. */
export interface ReplayStep extends FoldStep {
  /** `null`: it was not asked for. */
  readonly checked: Checked | null;
}

/** What became of all the entries that were verified. */
export interface Verification {
  readonly entries: number;
  /** Decided again, with the same result. */
  readonly same: number;
  readonly different: number;
  /** Nobody can tell; `unknown` says why, by unit. */
  readonly untold: number;
  /** The first divergence of all; `null`: there is none. */
  readonly first: Divergence | null;
  /** The first one of every unit that has any. What follows in a unit may follow from it. */
  readonly firstOfUnits: readonly Divergence[];
  readonly unknown: readonly { readonly unitId: UnitId; readonly entries: number; readonly why: string }[];
}

/**
 * Goes through a history step by step: forwards, without any effect.
 *
 * **Example** (Every state that a unit went through)
 *
 * ```ts
 * await using reeve = await openReeve({ stateDir });
 * await reeve.run(job({ id: 'build', command: ['true'] }));
 * await using trace = await openTrace(stateDir);
 * const seen: string[] = [];
 * for await (const { entry } of replay(trace, { unit: 'build' })) seen.push(entry.event.type);
 * seen.slice(0, 3) // => ['unit.added', 'start.requested', 'run.launched']
 * ```
 */
export async function* replay(trace: Trace, options: ReplayOptions = {}): AsyncGenerator<ReplayStep, void, undefined> {
  const { history } = sourceOf(trace);
  const verifier = options.verify || options.machines ? new Verifier(history, options.machines) : null;
  let steps = 0;
  for (const step of foldSteps(history, entryRange(options))) {
    if (++steps % STEPS_PER_TURN === 0) await nextTurn();
    options.signal?.throwIfAborted();
    yield { ...step, checked: verifier?.check(step) ?? null };
  }
}

/**
 * Has machines decide every entry again, and compares state, changes, commands and hash with what was recorded.
 *
 * With `machines`, those decide: what they would have done otherwise, at every entry on its own, is told as divergences
 * with `sameCode: false`.
 */
export async function verify(trace: Trace, options: Omit<ReplayOptions, 'verify'> = {}): Promise<Verification> {
  const first = new Map<UnitId, Divergence>();
  const unknown = new Map<string, { unitId: UnitId; entries: number; why: string }>();
  const counts = { entries: 0, same: 0, different: 0, untold: 0 };
  const { history } = sourceOf(trace);
  const verifier = new Verifier(history, options.machines);
  for (const step of foldSteps(history, entryRange(options))) {
    if (++counts.entries % STEPS_PER_TURN === 0) await nextTurn();
    options.signal?.throwIfAborted();
    const checked = verifier.check(step);
    const { unitId } = step.entry;
    if (checked.is === 'same') counts.same++;
    else if (checked.is === 'different') {
      counts.different++;
      if (!first.has(unitId)) first.set(unitId, checked.divergence);
    } else {
      counts.untold++;
      const { why } = checked;
      const known = unknown.get(`${unitId} ${why}`) ?? { unitId, entries: 0, why };
      unknown.set(`${unitId} ${why}`, { ...known, entries: known.entries + 1 });
    }
  }
  const firstOfUnits = [...first.values()];
  return { ...counts, first: firstOfUnits[0] ?? null, firstOfUnits, unknown: [...unknown.values()] };
}

/** Where a unit differs between two points of a history. */
export interface TraceDiff {
  readonly unitId: UnitId;
  readonly from: number;
  readonly to: number;
  /** Paths begin with `value`, `context`, `timers` or `pending`. */
  readonly differences: readonly Difference[];
}

/** What changed between two points of a history: for every unit that changed, where, from what to what. */
export function diff(trace: Trace, from: number, to: number, unit?: UnitId): readonly TraceDiff[] {
  const { history } = sourceOf(trace);
  const ids = unit === undefined ? history.unitIds : [unit];
  return ids.flatMap((unitId) => {
    const [before, after] = [from, to].map((seq) => shownOf(momentAt(history, unitId, seq)));
    const differences = differencesBetween(before, after);
    return differences.length === 0 ? [] : [{ unitId, from, to, differences }];
  });
}

const shownOf = (moment: UnitMoment | null) =>
  moment === null
    ? null
    : JSON.parse(
        JSON.stringify({
          value: moment.value,
          context: moment.context,
          timers: moment.timers,
          pending: moment.pending,
        }),
      );

/** An entry that changed what was watched. */
export interface WatchedChange {
  readonly entry: Entry;
  /** The entry that led to it; `null`: it came from outside, or is not in this trace. */
  readonly cause: Entry | null;
  readonly before: Difference['before'];
  readonly after: Difference['after'];
}

/**
 * Every entry that changed one value: `value` is the state, anything else is a path into the context, such as
 * `restarts` or `history.streak`.
 */
export async function* watch(
  trace: Trace,
  path: string,
  range: TraceRange = {},
): AsyncGenerator<WatchedChange, void, undefined> {
  const { history } = sourceOf(trace);
  const inContext = path.replace(/^context\./, '');
  const read = (moment: UnitMoment | null) =>
    path === 'value' ? moment?.value : valueAt(moment?.context ?? {}, inContext);
  let steps = 0;
  for (const { entry, before, after } of foldSteps(history, entryRange(range))) {
    if (++steps % STEPS_PER_TURN === 0) await nextTurn();
    const [was, is] = [read(before), read(after)];
    if (was === is || JSON.stringify(was) === JSON.stringify(is)) continue;
    yield { entry, cause: causeIn(history, entry), before: was, after: is };
  }
}

const causeIn = (history: History, { cause }: Entry): Entry | null => (cause === null ? null : history.entry(cause));

/** An entry, or how a unit last came into a state; `by` is the last entry that is looked at. */
export type WhyQuestion = number | { readonly unit: UnitId; readonly state: string; readonly by?: number };

/**
 * Why something happened: the chain of causes from an entry back to the wish or the fact that began it, in sentences.
 *
 * @throws {InvalidOption} There is no such entry, or the unit never was in this state.
 */
export function why(trace: Trace, question: WhyQuestion): CauseChain {
  const { history } = sourceOf(trace);
  const seq =
    typeof question === 'number'
      ? question
      : lastEntryInto(history, question.unit, question.state, question.by ?? history.lastSeq);
  const chain = seq === null ? null : causesOf(history, seq);
  if (chain) return chain;
  const what =
    typeof question === 'number'
      ? `there is no entry ${question} in this trace`
      : `"${question.unit}" never came into the state "${question.state}" in this trace`;
  throw new InvalidOption({ what, meant: null });
}
