import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Log } from '../actors/ports.ts';
import { type LostAndFound, regained } from '../actors/regained.ts';
import { findLivingRuns, keptRuns, type LivingRun } from '../adapters/process/living-runs.ts';
import { problemOf } from '../machines/errors.ts';
import type { UnitSpec } from '../machines/spec.ts';
import type { Problem } from '../machines/vocabulary.ts';
import { freeName, setAside } from '../store/damage.ts';
import type { Store } from '../store/rows.ts';

interface World {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Puts a damaged store where it is in nobody's way. Whoever opens the state directory next begins a new one. */
export function keepDamaged(path: string, error: unknown, { clock, log }: Omit<World, 'stateDir'>): void {
  const aside = setAside(path, suffix(clock));
  log.error({ aside }, `${problemOf(error).message} It is kept as ${aside}, and a new one is begun.`);
}

/**
 * What a new store is told where runs are kept from before: the store that knew them was damaged, lost, or moved away.
 *
 * 1. What lives and belongs to a unit that is given is adopted: neither forgotten nor started twice.
 * 2. What lives and belongs to no such unit is ended, because it carries our marker and no run is open any more; where
 *    nobody can tell whose it is, it is named and left alone.
 * 3. What is kept of the other runs is moved aside, by {@link keepUnknownRuns}.
 *
 * May be done again after a crash: what is in the store already is not looked for a second time.
 *
 * @returns Who started it all, in whose name it is looked for. `null`: nothing is left that says so.
 */
export async function salvage(store: Store, units: readonly UnitSpec[], world: World): Promise<string | null> {
  const { stateDir, clock, log } = world;
  if (keptRuns(stateDir).length === 0) return null;
  const { living, ownerId } = await findLivingRuns(stateDir);
  if (store.lastSeq() === 0) store.commit(regained(adoptable(living, units, clock), clock));
  const known = new Set(store.runIds());
  const notice = noticeOf(
    living.filter(({ runId }) => known.has(runId)),
    living.filter(({ runId }) => !known.has(runId)),
  );
  setNotice(store, notice);
  log.error({}, `${notice.message} ${notice.hint}`);
  return ownerId;
}

/** One run of a unit, and the newest where there should be no other. */
function adoptable(living: readonly LivingRun[], units: readonly UnitSpec[], clock: Clock): readonly LostAndFound[] {
  return units.flatMap((spec) => {
    const run = spec.kind === 'watcher' ? undefined : living.find(({ unitId }) => unitId === spec.id);
    return run ? [{ spec, runId: run.runId, handle: run.handle, startedMs: run.startedMs ?? clock.wallMs() }] : [];
  });
}

/** Moves aside what is kept of runs that the store does not know: what they printed, and how they ended. */
export function keepUnknownRuns(store: Store, { stateDir, clock, log }: World): void {
  const known = new Set(store.runIds());
  const unknown = keptRuns(stateDir).filter((runId) => !known.has(runId));
  if (unknown.length === 0) return;
  const aside = freeName(join(stateDir, `runs.${suffix(clock)}`));
  mkdirSync(aside, { mode: 0o700 });
  for (const runId of unknown) renameSync(join(stateDir, 'runs', runId), join(aside, runId));
  log.warn({ aside }, `what is kept of ${unknown.length} runs of before is in ${aside}`);
}

/** What people should know of the session, until it is over. `null`: nothing. */
export function noticeIn(store: Store): Problem | null {
  const notice = store.meta(NOTICE);
  return notice === null || notice === '' ? null : (JSON.parse(notice) as Problem);
}

export const setNotice = (store: Store, notice: Problem | null): void =>
  store.setMeta(NOTICE, notice === null ? '' : JSON.stringify(notice));

const NOTICE = 'notice';

function noticeOf(adopted: readonly LivingRun[], others: readonly LivingRun[]): Problem {
  const ended = others.filter(({ unitId }) => unitId !== null);
  const unclaimed = others.filter(({ unitId }) => unitId === null);
  const sentences = [
    'The store was damaged or lost, and a new one was begun.',
    ...sentence('What still ran was adopted', adopted),
    ...sentence('What belongs to no unit any more is ended', ended),
    ...sentence('Nobody can tell whose this is, and it runs on', unclaimed),
  ];
  return { code: 'StoreBegunAnew', message: sentences.join(' '), hint: HINT };
}

const HINT =
  'The units begin without a past. What is left of it is in the state directory, in what has "corrupt" in its name.';

const sentence = (what: string, runs: readonly LivingRun[]): readonly string[] =>
  runs.length === 0 ? [] : [`${what}: ${runs.map(named).sort().join(', ')}.`];

const named = ({ unitId, runId, handle }: LivingRun): string => `${unitId ?? `run ${runId}`} (pid ${handle.pid})`;

const suffix = (clock: Clock): string => `corrupt-${new Date(clock.wallMs()).toISOString().replace(/[:.]/g, '-')}`;
