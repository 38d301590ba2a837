import type { UnitContext } from '../machines/context.ts';
import type { Fact } from '../machines/events.ts';
import { stateOf } from '../machines/view.ts';
import type { TimerRow } from '../store/rows.ts';
import { type Drivers, driverNameOf, runOf } from './interpreter.ts';
import type { Clock, Sighting } from './ports.ts';
import type { UnitActor } from './unit-actor.ts';

/**
 * When a timer of an earlier orchestrator is due now.
 *
 * In the same boot the monotonic due time still means what it said. After a reboot only the wall clock can tell how
 * much is left; a clock that went backwards must not make a wait longer than it ever was.
 */
export function rearmed(row: TimerRow, clock: Clock): TimerRow {
  const nowMs = clock.monoMs();
  if (row.restore === 'restart') return { ...row, bootId: clock.bootId, dueMonoMs: nowMs + row.lengthMs };
  if (row.bootId === clock.bootId) return row;
  const leftMs = Math.min(row.lengthMs, Math.max(0, row.dueWallMs - clock.wallMs()));
  return { ...row, bootId: clock.bootId, dueMonoMs: nowMs + leftMs };
}

/**
 * Compares what is recorded of a unit's run with what is true of it, and says it as a fact.
 *
 * `null`: nothing of it was under way. A fact that the machine knows already changes nothing; one that happened while
 * nobody looked is told with its own time.
 */
export async function reconcile(actor: UnitActor, drivers: Drivers, clock: Clock): Promise<Fact | null> {
  const context: UnitContext = actor.snapshot.context;
  const { state, substate } = stateOf(actor.snapshot.value);
  const { generation, run, spec } = context;
  if (state === 'reaped' || substate === 'waiting' || run === null) return null;
  // The outcome stands; only what the run left behind is still to be dealt with.
  if (substate === 'sweeping') return { type: 'run.adopted', generation, handle: run.handle ?? NO_HANDLE };
  const sighting = await drivers[driverNameOf(spec)]?.sight(runOf(context));
  return sighting ? factOf(sighting, state === 'spawning', generation, clock) : null;
}

const NO_HANDLE = { pid: null, identity: null };

function factOf(sighting: Sighting, isSpawning: boolean, generation: number, clock: Clock): Fact {
  switch (sighting.is) {
    case 'alive': {
      const { handle } = sighting;
      if (!isSpawning) return { type: 'run.adopted', generation, handle };
      const startedMs = typeof handle.startedMs === 'number' ? handle.startedMs : clock.wallMs();
      return { type: 'run.launched', generation, handle, startedMs, adopted: true };
    }
    case 'ended':
      return { type: 'run.exited', generation, exit: sighting.exit };
    case 'claimed':
      return { type: 'run.claimed', generation };
    // A run that was launched and never claimed cannot be: its record is gone.
    case 'revoked':
      return isSpawning
        ? { type: 'run.revoked', generation }
        : { type: 'run.lost', generation, endedMs: clock.wallMs() };
    case 'lost':
      return { type: 'run.lost', generation, endedMs: clock.wallMs() };
  }
}
