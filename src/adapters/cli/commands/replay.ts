import { isFault } from '../../../index.ts';
import type { Context } from '../context.ts';
import { BadUsage } from '../errors.ts';
import { check } from '../replay/check.ts';
import { column, list, watchValue } from '../replay/columns.ts';
import { asksForFork, type ForkingOptions, forkHistory } from '../replay/fork.ts';
import { lookAt, lookBetween, lookWhy } from '../replay/look.ts';
import { replayMany } from '../replay/many.ts';
import { type HistoryOptions, openHistory } from '../replay/open-history.ts';
import { loadMachines } from '../replay/other-machines.ts';
import { stepThrough } from '../replay/step-screen.ts';
import { rangeIn } from '../replay/when.ts';

export interface ReplayCommandOptions extends HistoryOptions, ForkingOptions {
  readonly list?: boolean;
  readonly at?: string;
  readonly diff?: readonly string[];
  readonly watch?: string;
  readonly why?: string;
  readonly eval?: string;
  readonly step?: boolean;
  readonly ci?: readonly string[];
  readonly from?: string;
  readonly machines?: string;
}

const LOOKS = ['list', 'at', 'diff', 'watch', 'why', 'eval', 'step', 'ci'] as const;

/** A history, verified, looked at, stepped through, or lived through otherwise. Nothing is performed. */
export async function replay(context: Context, what: string | undefined, given: ReplayCommandOptions): Promise<number> {
  assertOneLook(given);
  const machines = await loadMachines(context.cwd, given.machines);
  if (given.ci) return replayMany(context, what === undefined ? given.ci : [what, ...given.ci], machines);
  using history = await openHistory(context, what, given);
  const { trace, unit } = history;
  const range = (): ReturnType<typeof rangeIn> => rangeIn(trace, { ...given, unit });
  try {
    if (asksForFork(given)) return await forkHistory(context, history, given, machines);
    if (given.at !== undefined && !given.step) return await lookAt(context, history, given.at);
    if (given.diff) return await lookBetween(context, history, given.diff);
    if (given.why !== undefined) return await lookWhy(context, history, given.why);
    if (given.watch !== undefined) return await watchValue(context, history, given.watch, range());
    if (given.eval !== undefined) return await column(context, history, given.eval, range());
    if (given.list) return await list(context, history, range());
    if (given.step) return await stepThrough(context, history, given.at);
    return await check(context, history, range(), machines);
  } catch (error) {
    if (!isFault(error) || error.code !== 'InvalidOption') throw error;
    // The library's hint is for programs, but where it guesses what was meant.
    const hint = error.hint.startsWith('Did you mean') ? error.hint : 'See what there is with `reeve replay --list`.';
    throw new BadUsage({ what: error.message, hint });
  }
}

/** `--step` begins where `--at` says. */
function assertOneLook(given: ReplayCommandOptions): void {
  const asked = LOOKS.filter((look) => given[look] !== undefined).map((look) => `--${look}`);
  if (asksForFork(given)) asked.push('a fork');
  if (asked.length < 2 || (asked.length === 2 && given.step && given.at !== undefined)) return;
  throw new BadUsage({ what: `${asked.join(' and ')} exclude each other.`, hint: 'Ask one thing at a time.' });
}
