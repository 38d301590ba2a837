import type { Entry, Tick } from '../store/rows.ts';
import type { Birth } from './actor-factory.ts';
import { emptyTick, snapshotOf } from './arrivals.ts';
import type { Clock } from './ports.ts';
import type { Wheel } from './timers.ts';

/** The first entries of actors, with their first snapshots: what they were before is over. */
export function tickOfBirths(births: readonly Birth[], firstSeq: number, clock: Clock, wheel: Wheel): Tick {
  const moment = { atMs: clock.wallMs(), monoMs: clock.monoMs() };
  const entries = births.map(({ entry }, index): Entry => ({ ...entry, ...moment, seq: firstSeq + index }));
  return {
    ...emptyTick(),
    entries,
    snapshots: births.map(({ context }, index) => snapshotOf(entries[index]!, context)),
    unitsAdded: births.flatMap(({ row }) => row ?? []),
    unitsRemoved: births.filter(({ row, replaces }) => row && replaces).map(({ actor }) => actor.id),
    timersCleared: births.flatMap(({ actor }) => wheel.of(actor.id)),
  };
}
