import type { Database } from 'better-sqlite3';
import type { UnitId } from '../machines/vocabulary.ts';
import { type DatabaseOptions, openDatabase } from './database.ts';
import { StoreUnreadable, StoreUnwritable } from './errors.ts';
import { failureOf, isOutside } from './failure.ts';
import { openJournal } from './journal.ts';
import { openMachines } from './machines.ts';
import { openMeta } from './meta.ts';
import { openOutbox } from './outbox.ts';
import { openRetention } from './retention.ts';
import type { JournalQuery, Store, Tick } from './rows.ts';
import { openRuns } from './runs.ts';
import { openSnapshots } from './snapshots.ts';
import { openTimers } from './timers.ts';
import { openUnits } from './units.ts';

/**
 * Opens the store: the only owner of the database, and the only place that knows SQL.
 *
 * @throws {NotAStore | SchemaTooNew | StoreUnopenable} and, when only reading: {StoreMissing | SchemaTooOld}
 */
export const openStore = (options: DatabaseOptions): Store => storeOn(openDatabase(options));

/** The store over an open database, which it closes. */
export function storeOn(db: Database): Store {
  const { reading, writing } = guards(db.name);
  const parts = openParts(db);
  const { journal, snapshots, units, timers, outbox, runs, machines, meta } = parts;

  return {
    commit: writing(openCommit(db, parts)),
    trim: writing(openRetention(db, parts)),
    lastSeq: reading(journal.lastSeq),
    lastAseq: reading((unitId) => lastAseqOf(parts, unitId)),
    firstAseq: reading(units.firstAseq),
    units: reading(units.all),
    snapshots: reading(snapshots.of),
    *journal(query?: JournalQuery) {
      const entries = journal.read(query);
      const next = reading(() => entries.next());
      for (let step = next(); !step.done; step = next()) yield step.value;
    },
    timers: reading(timers.all),
    outbox: reading(outbox.all),
    run: reading(runs.get),
    runs: reading(runs.of),
    runIds: reading(runs.ids),
    openRuns: reading(runs.open),
    rememberMachine: writing(machines.remember),
    knowsMachine: reading(machines.knows),
    machines: reading(machines.all),
    journaledUnits: reading(journal.units),
    meta: reading(meta.get),
    setMeta: writing(meta.set),
    close: () => void db.close(),
  };
}

type Parts = ReturnType<typeof openParts>;

const openParts = (db: Database) => ({
  journal: openJournal(db),
  snapshots: openSnapshots(db),
  units: openUnits(db),
  timers: openTimers(db),
  outbox: openOutbox(db),
  runs: openRuns(db),
  machines: openMachines(db),
  meta: openMeta(db),
});

/** One transaction for all a tick changes. What is removed goes first, so that a unit may be replaced in one tick. */
function openCommit(db: Database, parts: Parts): (tick: Tick) => void {
  const { journal, snapshots, units, timers, outbox, runs } = parts;

  return db.transaction((tick: Tick) => {
    const removed = tick.unitsRemoved.length === 0 ? NONE_REMOVED : removeUnits(tick.unitsRemoved);
    for (const unit of tick.unitsAdded) {
      const { place = null, lastAseq = journal.lastAseq(unit.id) } = removed.get(unit.id) ?? {};
      units.add(unit, lastAseq + 1, place);
    }
    for (const entry of tick.entries) journal.append(entry);
    for (const snapshot of tick.snapshots) snapshots.add(snapshot);
    for (const { unitId, timer } of tick.timersCleared) timers.clear(unitId, timer);
    for (const timer of tick.timersSet) timers.set(timer);
    for (const row of tick.outboxAdded) outbox.add(row);
    for (const { seq, index } of tick.outboxDone) outbox.done(seq, index);
    for (const run of tick.runsOrdered) runs.order(run);
    for (const { runId, handle, startedMs } of tick.runsStarted) runs.start(runId, handle, startedMs);
    for (const { runId, outcome } of tick.runsEnded) runs.end(runId, outcome);
    if (removed.size > 0) forgetLastWords(removed);
  }).immediate;

  function removeUnits(ids: readonly UnitId[]): ReadonlyMap<UnitId, Removed> {
    // Retention may have left nothing of a quiet unit but its base: its count is asked for before that goes.
    const counts = ids.map((id) => lastAseqOf(parts, id));
    for (const id of ids) snapshots.forget(id);
    return new Map(ids.map((id, index) => [id, { place: units.remove(id), lastAseq: counts[index]! }]));
  }

  /** What the tick itself still said of units that went with it. */
  function forgetLastWords(removed: ReadonlyMap<UnitId, unknown>): void {
    for (const id of removed.keys()) if (units.firstAseq(id) === null) snapshots.forget(id);
    timers.forgetOrphans();
    outbox.forgetOrphans();
  }
}

/** What a unit that takes the place of a removed one goes on from. */
interface Removed {
  readonly place: number | null;
  readonly lastAseq: number;
}
const NONE_REMOVED: ReadonlyMap<UnitId, Removed> = new Map();

const lastAseqOf = ({ journal, snapshots }: Parts, unitId: UnitId): number =>
  Math.max(journal.lastAseq(unitId), snapshots.lastAseq(unitId));

/** What the disk or the database refuses becomes an error in words. Bugs keep their own shape. */
function guards(path: string) {
  const guard =
    (Refusal: typeof StoreUnreadable | typeof StoreUnwritable) =>
    <Args extends unknown[], Result>(act: (...args: Args) => Result) =>
    (...args: Args): Result => {
      try {
        return act(...args);
      } catch (cause) {
        throw isOutside(cause) ? new Refusal({ path, failure: failureOf(cause), cause }) : cause;
      }
    };
  return { reading: guard(StoreUnreadable), writing: guard(StoreUnwritable) };
}
