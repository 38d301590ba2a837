import { keepsDescendants, type UnitContext } from '../machines/context.ts';
import { problemOf } from '../machines/errors.ts';
import type { Fact } from '../machines/events.ts';
import { awaitsLaunch, stateOf } from '../machines/view.ts';
import type { Handle, RunId, UnitId } from '../machines/vocabulary.ts';
import type { Store, TimerRow } from '../store/rows.ts';
import { type Drivers, driverNameOf, runOf } from './interpreter.ts';
import type { Clock, Log, Report, Sighting } from './ports.ts';
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
 * Tells units that count in monotonic time that it began anew, where the machine was booted since an orchestrator last
 * worked on this store. Remembered only when they have been told: being told twice changes nothing.
 */
export function tellOfReboot(
  units: readonly UnitActor[],
  { store, clock }: Pick<World, 'store' | 'clock'>,
  tell: (unitId: UnitId) => void,
): () => void {
  if (store.meta(BOOT) === clock.bootId) return () => {};
  for (const { id, snapshot } of units) if (hasCounted(snapshot.context)) tell(id);
  return () => store.setMeta(BOOT, clock.bootId);
}

const BOOT = 'boot';

const hasCounted = ({ history }: UnitContext): boolean => history.restartsMonoMs.length > 0;

interface World {
  readonly drivers: Drivers;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
}

/**
 * Compares what is recorded of a unit's run with what is true of it, and says it as facts, in the order in which they
 * happened.
 *
 * None: nothing of it was under way, or nobody can tell, which keeps no other unit from being looked after (I11). A
 * fact that the machine knows already changes nothing; one that happened while nobody looked is told with its own time,
 * and was caused by the entry that ordered the launch.
 */
export async function reconcile(actor: UnitActor, world: World): Promise<readonly Report[]> {
  const facts = await lookAt(actor, world);
  const { run } = actor.snapshot.context as UnitContext;
  const cause = (run && world.store.run(run.runId)?.orderedSeq) ?? null;
  return facts.map((fact) => ({ unitId: actor.id, cause, fact }));
}

async function lookAt(actor: UnitActor, { drivers, clock, log }: World): Promise<readonly Fact[]> {
  const context: UnitContext = actor.snapshot.context;
  const { state, substate } = stateOf(actor.snapshot.value);
  const { generation, run, spec } = context;
  if (state === 'reaped' || awaitsLaunch(actor.snapshot.value) || run === null) return [];
  // The outcome stands; only what the run left behind is still to be dealt with.
  if (substate === 'sweeping') return [{ type: 'run.adopted', generation, handle: run.handle ?? NO_HANDLE }];
  try {
    const sighting = await inTime(clock, drivers[driverNameOf(spec)]?.sight(runOf(context)));
    return sighting ? factsOf(sighting, state === 'spawning', generation, clock.wallMs()) : [];
  } catch (error) {
    log.error({ unit: actor.id }, `cannot tell what became of its run: ${problemOf(error).message}`);
    // To watch it is to look again; a launch is looked at again by its own timer.
    return state === 'spawning' || run.handle === null ? [] : [{ type: 'run.adopted', generation, handle: run.handle }];
  }
}

/** A driver that does not answer keeps nobody else waiting. */
function inTime<T>(clock: Clock, answer: Promise<T> | undefined): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = clock.setTimer(SIGHT_LIMIT_MS, () => reject(new Error('its driver does not answer')));
    Promise.resolve(answer).then(resolve, reject).finally(cancel);
  });
}

/** To look at a run is to read some files. */
const SIGHT_LIMIT_MS = 10_000;

/** Runs that ended, and whose orchestrator died before it had swept up after them. */
export function tidy(units: readonly UnitActor[], { drivers, log, store }: World & { readonly store: Store }): void {
  const openRuns = openRunsOf(units, store);
  const spared = sparedUnitsOf(units);
  for (const [name, driver] of Object.entries(drivers)) {
    const tidied = async () => driver.tidy(openRuns, spared, [...store.runIds(), ...openRuns]);
    tidied().catch((error: unknown) => {
      log.warn({}, `what the ${name} driver left behind stays: ${problemOf(error).message}`);
    });
  }
}

/** A run whose unit is not done with it yet is swept by its own machine. */
export function openRunsOf(units: readonly UnitActor[], store: Store): readonly RunId[] {
  const current = units.filter(({ snapshot }) => stateOf(snapshot.value).state !== 'reaped').map(runIdOf);
  return [...store.openRuns().map(({ runId }) => runId), ...current];
}

export const sparedUnitsOf = (units: readonly UnitActor[]): readonly UnitId[] =>
  units.filter(({ snapshot }) => keepsDescendants(snapshot.context.spec)).map(({ id }) => id);

const runIdOf = ({ snapshot }: UnitActor): RunId => runOf(snapshot.context).runId;

const NO_HANDLE = { pid: null, identity: null };

function factsOf(sighting: Sighting, isSpawning: boolean, generation: number, nowMs: number): readonly Fact[] {
  /** That it began is news only where nobody was told. */
  const began = (handle: Handle | null | undefined, startedMs: number): readonly Fact[] =>
    handle && isSpawning ? [{ type: 'run.launched', generation, handle, startedMs, adopted: true }] : [];
  const lost: Fact = { type: 'run.lost', generation, endedMs: nowMs };
  switch (sighting.is) {
    case 'alive': {
      const { handle, startedMs } = sighting;
      return isSpawning ? began(handle, startedMs ?? nowMs) : [{ type: 'run.adopted', generation, handle }];
    }
    case 'ended': {
      const { handle, startedMs, exit } = sighting;
      return [...began(handle, startedMs ?? exit.endedMs), { type: 'run.exited', generation, exit }];
    }
    case 'lost':
      return [...began(sighting.handle, sighting.startedMs ?? nowMs), lost];
    case 'claimed':
      return [{ type: 'run.claimed', generation }];
    // A run that was launched and never claimed cannot be: its record is gone.
    case 'revoked':
      return isSpawning ? [{ type: 'run.revoked', generation }] : [lost];
  }
}
