import type { TimerName, UnitId } from '../machines/vocabulary.ts';
import type { RunRow, Tick, TimerRow } from '../store/rows.ts';
import { emptyTick } from './arrivals.ts';

/** A tick that was taken and is not written yet. */
export interface Kept {
  readonly tick: Tick;
  /** What had to wait until it is in the database. */
  readonly onWritten: () => void;
}

/** What was taken while nothing could be written, in order. */
export class Backlog {
  #kept: Kept[] = [];
  #entries = 0;

  /** How many entries wait. */
  get entries(): number {
    return this.#entries;
  }

  add(kept: Kept): void {
    this.#kept.push(kept);
    this.#entries += kept.tick.entries.length;
  }

  first(): Kept | undefined {
    return this.#kept[0];
  }

  /** Takes the first one out. */
  shift(): Kept | undefined {
    const kept = this.#kept.shift();
    this.#entries -= kept?.tick.entries.length ?? 0;
    return kept;
  }

  ticks(): readonly Tick[] {
    return this.#kept.map(({ tick }) => tick);
  }

  /** A unit's runs as they are: what is stored, and what is not stored yet. Newest first. */
  runs(unitId: UnitId, stored: readonly RunRow[]): readonly RunRow[] {
    if (this.#kept.length === 0) return stored;
    const ticks = this.ticks();
    const ordered = ticks.flatMap(({ runsOrdered }) => runsOrdered.filter((run) => run.unitId === unitId));
    const started = new Map(
      ticks.flatMap(({ runsStarted }) => runsStarted.map(({ runId, ...start }) => [runId, start])),
    );
    const ended = new Map(ticks.flatMap(({ runsEnded }) => runsEnded.map(({ runId, outcome }) => [runId, outcome])));
    const unanswered = { handle: null, startedMs: null, outcome: null };
    const rows: readonly RunRow[] = [...ordered.reverse().map((run) => ({ ...run, ...unanswered })), ...stored];
    return rows.map((row) => ({
      ...row,
      ...started.get(row.runId),
      outcome: row.outcome ?? ended.get(row.runId) ?? null,
    }));
  }
}

/**
 * One tick that says what all of these say, so that they are written together or not at all.
 *
 * Of a timer only its last word counts: in one tick what is cleared goes before what is set.
 */
export function joined(ticks: readonly Tick[]): Tick {
  const all = emptyTick();
  const timers = new Map<
    string,
    { readonly unitId: UnitId; readonly timer: TimerName; readonly row: TimerRow | null }
  >();
  for (const tick of ticks) {
    for (const key of LISTS) for (const row of tick[key]) (all[key] as unknown[]).push(row);
    for (const cleared of tick.timersCleared) timers.set(keyOf(cleared), { ...cleared, row: null });
    for (const row of tick.timersSet) timers.set(keyOf(row), { unitId: row.unitId, timer: row.timer, row });
  }
  for (const { unitId, timer, row } of timers.values()) {
    if (row === null) all.timersCleared.push({ unitId, timer });
    else all.timersSet.push(row);
  }
  return all;
}

const keyOf = ({ unitId, timer }: { readonly unitId: UnitId; readonly timer: TimerName }): string =>
  `${unitId} ${timer}`;

/** All that a tick holds but its timers: these only add up. */
const LISTS = [
  'unitsAdded',
  'unitsRemoved',
  'entries',
  'snapshots',
  'outboxAdded',
  'outboxDone',
  'runsOrdered',
  'runsStarted',
  'runsEnded',
] as const satisfies readonly (keyof Tick)[];
