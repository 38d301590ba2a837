import { keepsDescendants, type UnitContext } from '../machines/context.ts';
import { problemOf } from '../machines/errors.ts';
import type { Fact } from '../machines/events.ts';
import { stateOf } from '../machines/view.ts';
import type { RunId } from '../machines/vocabulary.ts';
import type { Store, TimerRow } from '../store/rows.ts';
import { type Drivers, driverNameOf, runOf } from './interpreter.ts';
import type { Clock, Log, Sighting } from './ports.ts';
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

interface World {
  readonly drivers: Drivers;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Compares what is recorded of a unit's run with what is true of it, and says it as a fact.
 *
 * `null`: nothing of it was under way, or nobody can tell, which keeps no other unit from being looked after (I11). A
 * fact that the machine knows already changes nothing; one that happened while nobody looked is told with its own time.
 */
export async function reconcile(actor: UnitActor, { drivers, clock, log }: World): Promise<Fact | null> {
  const context: UnitContext = actor.snapshot.context;
  const { state, substate } = stateOf(actor.snapshot.value);
  const { generation, run, spec } = context;
  if (state === 'reaped' || substate === 'waiting' || run === null) return null;
  // The outcome stands; only what the run left behind is still to be dealt with.
  if (substate === 'sweeping') return { type: 'run.adopted', generation, handle: run.handle ?? NO_HANDLE };
  try {
    const sighting = await drivers[driverNameOf(spec)]?.sight(runOf(context));
    return sighting ? factOf(sighting, state === 'spawning', generation, clock) : null;
  } catch (error) {
    log.error({ unit: actor.id }, `cannot tell what became of its run: ${problemOf(error).message}`);
    // To watch it is to look again; a launch is looked at again by its own timer.
    return state === 'spawning' || run.handle === null ? null : { type: 'run.adopted', generation, handle: run.handle };
  }
}

/** Runs that ended, and whose orchestrator died before it had swept up after them. */
export function tidy(units: readonly UnitActor[], { drivers, log, store }: World & { readonly store: Store }): void {
  // A run whose unit is not done with it yet is swept by its own machine.
  const current = units.filter(({ snapshot }) => stateOf(snapshot.value).state !== 'reaped').map(runIdOf);
  const openRuns = [...store.openRuns().map(({ runId }) => runId), ...current];
  const spared = units.filter(({ snapshot }) => keepsDescendants(snapshot.context.spec)).map(({ id }) => id);
  for (const [name, driver] of Object.entries(drivers)) {
    driver.tidy(openRuns, spared, [...store.runIds(), ...current]).catch((error: unknown) => {
      log.warn({}, `what the ${name} driver left behind stays: ${problemOf(error).message}`);
    });
  }
}

const runIdOf = ({ snapshot }: UnitActor): RunId => runOf(snapshot.context).runId;

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
