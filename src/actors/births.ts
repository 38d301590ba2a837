import { LAUNCH_DEADLINE_MS } from '../machines/unit-timers.ts';
import { stateOf } from '../machines/view.ts';
import type { Entry, Tick, TimerRow } from '../store/rows.ts';
import type { Birth } from './actor-factory.ts';
import { emptyTick, snapshotOf } from './arrivals.ts';
import type { Clock } from './ports.ts';
import type { Wheel } from './timers.ts';
import type { UnitActor } from './unit-actor.ts';

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
    timersSet: births.flatMap(({ actor }, index) => launchTimer(actor, entries[index]!, clock)),
  };
}

/** Whoever begins again in the middle of a launch waits for its end, and no longer than anybody else (I4). */
function launchTimer({ id: unitId, snapshot }: UnitActor, { seq }: Entry, clock: Clock): readonly TimerRow[] {
  if (stateOf(snapshot.value).substate !== 'launching') return [];
  const lengthMs = LAUNCH_DEADLINE_MS;
  const due = { dueMonoMs: clock.monoMs() + lengthMs, dueWallMs: clock.wallMs() + lengthMs };
  return [{ unitId, timer: 'launch', seq, bootId: clock.bootId, ...due, lengthMs, restore: 'restart' }];
}
