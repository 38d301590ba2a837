import type { UnitContext } from '../machines/context.ts';
import type { Fact } from '../machines/events.ts';
import { unmetRequirements } from '../machines/supervision.ts';
import { SUPERVISOR } from '../machines/supervisor.ts';
import { stateOf } from '../machines/view.ts';
import type { RunId, TimerName, UnitId } from '../machines/vocabulary.ts';
import type { Store, TimerRow } from '../store/rows.ts';
import { emptyTick } from './arrivals.ts';
import type { Drivers } from './interpreter.ts';
import type { Clock, Log, Reporter } from './ports.ts';
import type { Recorder } from './recorder.ts';
import { openRunsOf, rearmed, reconcile, sparedUnitsOf } from './recovery.ts';
import type { Registry } from './registry.ts';
import type { UnitActor } from './unit-actor.ts';
import { expectedTimers, startedLast } from './waits.ts';

/** Something that is recorded otherwise than it is, or waits for what will not come. */
export interface Finding {
  /** The same for the same trouble, whenever it is looked for. */
  readonly key: string;
  readonly unit: UnitId;
  readonly found: string;
  /** A participle: what healing it has done, or would do. */
  readonly remedy: string;
  /** How often it is tried in the life of an orchestrator. Absent: every time. */
  readonly timesMax?: number;
  heal(): void;
}

export interface HealWorld {
  readonly registry: Registry;
  readonly recorder: Recorder;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly drivers: Drivers;
  readonly report: Reporter;
  /** Lets the supervisor decide about a unit again. */
  readonly reconsider: (actor: UnitActor) => void;
  /** Lets a quarantined unit begin again, from its run alone. `false`: it cannot. */
  readonly release: (actor: UnitActor) => boolean;
  /** Ends what is left of runs that are over. */
  readonly tidy: () => void;
}

/** A timer that is due is told at once; later than this, nobody will tell it. */
const OVERDUE_MS = 5_000;
/** As many units are asked after at the same time. */
const BATCH = 50;
const TRIES_MAX = 3;

/** All that can be found without asking the world. */
export function findInside(world: HealWorld): readonly Finding[] {
  const units = [...world.registry.units()];
  return [...findWaits(world), ...units.flatMap((actor) => quarantineOf(actor, world)), ...findForgotten(world)];
}

/** Timers that have to be armed and are not, or are armed and have not fired. */
export function findWaits({ registry, recorder, store, clock }: HealWorld): readonly Finding[] {
  const nowMs = clock.monoMs();
  return [...registry.units()].flatMap((actor) => {
    if (actor.quarantined !== null) return [];
    return expectedTimers(actor).flatMap((timer) => {
      const row = recorder.wheel.armed(actor.id, timer);
      if (row && !(row.dueMonoMs < nowMs - OVERDUE_MS)) return [];
      const arm = (): void => armAgain({ ...(row ?? lastRowOf(actor, timer)) }, { recorder, store });
      const lastRowOf = (one: UnitActor, name: TimerName): TimerRow =>
        rearmed(startedLast(one, name, { store, clock }) ?? unknownWait(one.id, name, clock), clock);
      const found = row ? `its timer "${timer}" is overdue` : `it waits for the timer "${timer}", which is not armed`;
      return { key: `timer ${actor.id} ${timer}`, unit: actor.id, found, remedy: 're-armed', heal: arm };
    });
  });
}

/** Kept by the store, too: it has to be there for the next one of us. */
function armAgain(row: TimerRow, { recorder, store }: Pick<HealWorld, 'recorder' | 'store'>): void {
  recorder.wheel.arm(row);
  if (!recorder.degraded) store.commit({ ...emptyTick(), timersSet: [row] });
}

/** Retention has deleted the entry that said how long it is. */
function unknownWait(unitId: UnitId, timer: TimerName, clock: Clock): TimerRow {
  const due = { dueMonoMs: clock.monoMs() + UNKNOWN_WAIT_MS, dueWallMs: clock.wallMs() + UNKNOWN_WAIT_MS };
  return { unitId, timer, seq: 0, bootId: clock.bootId, ...due, lengthMs: UNKNOWN_WAIT_MS, restore: 'restart' };
}

const UNKNOWN_WAIT_MS = 30_000;

function quarantineOf(actor: UnitActor, { registry, recorder, release }: HealWorld): readonly Finding[] {
  const { id, quarantined, released, snapshot } = actor;
  const { desired, spec } = snapshot.context as UnitContext;
  // Whoever was let go of in order to end is somebody else's business.
  if (quarantined === null || released || !spec.restart) return [];
  const heal = (): void => {
    if (!release(actor)) return;
    const again = registry.get(id);
    if (!again) return;
    // It was not let go of in order to end: should it fail again, a person must still be able to end it.
    again.released = false;
    const { substate } = stateOf(again.snapshot.value);
    const wish = desired === 'up' ? 'start' : desired === 'down' ? 'stop' : 'terminate';
    const isSo = (substate === 'settled') === (desired === 'down') && desired !== 'removed';
    if (!isSo) recorder.accept(id, { type: `${wish}.requested`, requestId: null, by: 'heal' });
  };
  const found = `it is quarantined: ${quarantined}`;
  return [{ key: `quarantine ${id}`, unit: id, found, remedy: 'begun again', timesMax: TRIES_MAX, heal }];
}

/** Units that wait for what is there: for others, or for room in their queue. */
function findForgotten({ registry, reconsider }: HealWorld): readonly Finding[] {
  const units = [...registry.units()].filter(({ quarantined }) => quarantined === null);
  const waiting = units.filter(({ snapshot }) => stateOf(snapshot.value).substate === 'waiting');
  const queued = registry.nextInLine().filter((actor) => {
    const queue = registry.queueOf(actor);
    return queue?.next === actor.id && queue.holders.length < queue.concurrency;
  });
  if (waiting.length + queued.length === 0 || registry.supervisor.snapshot.value === 'stopping') return [];
  const views = new Map(registry.views(({ snapshot }) => snapshot).map((view) => [view.id, view]));
  return [...waiting, ...queued].flatMap((actor) => {
    const view = views.get(actor.id);
    if (!view || unmetRequirements(view, views).length > 0) return [];
    const found = `it is ${view.substate}, and nothing is in its way`;
    return { key: `wait ${actor.id}`, unit: actor.id, found, remedy: 'told', heal: () => reconsider(actor) };
  });
}

/** Runs that have ended, and nobody told. A launch that is under way has its own deadline, and is asked after then. */
export async function findEnded({ registry, report, ...world }: HealWorld): Promise<readonly Finding[]> {
  const up = [...registry.units()].filter(
    ({ snapshot, quarantined }) => quarantined === null && stateOf(snapshot.value).state !== 'spawning',
  );
  const findings: Finding[] = [];
  for (let from = 0; from < up.length; from += BATCH) {
    const batch = up.slice(from, from + BATCH);
    // Who cannot be asked after now can be the next time.
    const told = await Promise.all(batch.map((actor) => reconcile(actor, { ...world, log: QUIET })));
    for (const said of told.flat()) {
      const words = endOf(said.fact);
      if (words === null) continue;
      const { unitId } = said;
      const key = `end ${unitId} ${'generation' in said.fact ? said.fact.generation : ''}`;
      findings.push({ key, unit: unitId, found: words, remedy: 'recorded', heal: () => report(said) });
    }
    await new Promise<void>((resolve) => world.clock.defer(resolve));
  }
  return findings;
}

function endOf(fact: Fact): string | null {
  if (fact.type === 'run.lost') return 'its run is gone, and left no record of its end';
  if (fact.type !== 'run.exited') return null;
  const { code, signal, endedMs } = fact.exit;
  const how = signal === null ? `with code ${code}` : `by ${signal}`;
  return `its run ended ${how} at ${new Date(endedMs).toISOString()}`;
}

const quiet = (): void => {};
const QUIET: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet };

/** What carries the marker of a run that is over. */
export async function findStrays({ registry, store, drivers, tidy }: HealWorld): Promise<readonly Finding[]> {
  const units = [...registry.units()];
  const open = openRunsOf(units, store);
  const spared = sparedUnitsOf(units);
  const found: readonly { readonly unitId: UnitId; readonly runId: RunId }[] = (
    await Promise.all(Object.values(drivers).map((driver) => driver.strays?.(open, spared) ?? []))
  ).flat();
  // One look ends them all, however many they are.
  let isTidied = false;
  const tidyOnce = (): void => {
    if (!isTidied) tidy();
    isTidied = true;
  };
  return found.map(({ unitId, runId }) => ({
    key: `stray ${runId}`,
    unit: unitId === SUPERVISOR ? runId : unitId,
    found: `something of its run ${runId} outlived it`,
    remedy: 'ended',
    timesMax: TRIES_MAX,
    heal: tidyOnce,
  }));
}
