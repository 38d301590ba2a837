import type { Orchestrator } from '../actors/orchestrator.ts';
import type { Clock, Log, Outputs } from '../actors/ports.ts';
import { CLOSED } from '../actors/refusals.ts';
import type { GivenFunctions } from '../adapters/in-process/functions.ts';
import { runsInProcess, type UnitContext } from '../machines/context.ts';
import { problemOf, Refused } from '../machines/errors.ts';
import { assertConsistent, type UnitSpec } from '../machines/spec.ts';
import { stateOf } from '../machines/view.ts';
import type { UnitId } from '../machines/vocabulary.ts';
import type { Store } from '../store/rows.ts';
import { UnitUp, UnknownUnit } from './errors.ts';
import { keepFunctions, LEFT_BEHIND } from './functions.ts';
import { journalStream } from './journal-stream.ts';
import { applyPlan, planFor } from './plan.ts';
import { noticeIn } from './salvage.ts';
import { stopAll } from './stop-all.ts';
import { openTrace } from './trace.ts';
import type { Reeve, Result, UnitHandle } from './types.ts';
import { type ActivityWatch, createHandle, liveStatus } from './unit-handle.ts';

/** Everything an open reeve holds on to, from the lock to the actors. */
export interface Session {
  readonly orchestrator: Orchestrator;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly outputs: Outputs;
  readonly activity: ActivityWatch;
  readonly stateDir: string;
  readonly project: string;
  readonly sinceMs: number;
  readonly unlock: () => void;
  /** Of this program, by the unit that is one. */
  readonly functions: GivenFunctions;
  /** Decoded, and with what becomes of it when we die, where it does not say. */
  readonly complete: (spec: UnitSpec) => UnitSpec;
  /** What still runs at the end is left on purpose. */
  readonly leave: () => void;
}

export function createReeve(session: Session): Reeve {
  const { orchestrator, store, stateDir, project, sinceMs } = session;
  const { registry, recorder } = orchestrator;
  const ending = new AbortController();
  const notice = noticeIn(store);
  let closing: Promise<void> | null = null;
  const refuseClosed = (): void => {
    if (closing) throw new Refused({ problem: CLOSED });
  };
  const handle = (id: UnitId): UnitHandle => createHandle(id, { ...session, refuseClosed });

  const reeve: Reeve = {
    stateDir,
    unit: handle,
    units: () => [...registry.units()].map(({ id }) => handle(id)),
    add(...given) {
      refuseClosed();
      const specs = given.map(session.complete);
      for (const { id } of specs) refuseUp(orchestrator, id);
      assertFits(orchestrator, specs);
      orchestrator.add(keepFunctions(specs, session.functions));
    },
    async remove(id) {
      refuseUp(orchestrator, id);
      await reeve.unit(id).terminate({ by: 'remove' });
    },
    async run<Value>(spec: UnitSpec, { signal }: { readonly signal?: AbortSignal } = {}) {
      reeve.add(spec);
      return runToItsEnd<Value>(reeve.unit(spec.id), signal);
    },
    plan: (units, options) => planFor(orchestrator, units.map(session.complete), options),
    async apply(plan) {
      refuseClosed();
      const found = new Set(plan.changes.flatMap(({ unit, change }) => (change === 'replace' ? unit : [])));
      for (const id of found) refuseUp(orchestrator, id);
      await applyPlan(orchestrator, { ...plan, units: keepFunctions(plan.units, session.functions) });
    },
    async up(ids) {
      const known = [...registry.units()].map(({ id }) => id);
      for (const unitId of ids ?? []) if (!known.includes(unitId)) throw new UnknownUnit({ unitId, known });
      await orchestrator.up(ids);
    },
    down: () => orchestrator.down(),
    async heal(options) {
      refuseClosed();
      return orchestrator.healer.heal(options);
    },
    status: () => ({
      project,
      stateDir,
      degraded: recorder.degraded?.problem ?? null,
      notice,
      orchestrator: { pid: process.pid, sinceMs },
      units: [...registry.units()].map((actor) => liveStatus(actor, orchestrator, session.activity)),
    }),
    journal: (options = {}) => {
      refuseClosed();
      const signals = [ending.signal, ...(options.signal ? [options.signal] : [])];
      return journalStream(store, (wake) => orchestrator.observeJournal(wake), {
        ...options,
        signal: AbortSignal.any(signals),
      });
    },
    async trace() {
      refuseClosed();
      return openTrace(stateDir);
    },
    observe: (listener) => orchestrator.observe(listener),
    close({ leave = false } = {}) {
      closing ??= end(session, leave, ending);
      return closing;
    },
    [Symbol.asyncDispose]: () => reeve.close(),
  };
  return reeve;
}

/** Stops everything first, unless it is to be left; a stop that fails must not keep us from letting go. */
async function end(session: Session, leave: boolean, ending: AbortController) {
  const { orchestrator, log, unlock } = session;
  let failure: unknown = null;
  try {
    if (leave) await leaveRunning(session);
    else
      await stopAll(orchestrator).catch((error: unknown) => {
        failure = error;
        log.error({}, `cannot stop everything: ${problemOf(error).message}`);
      });
    if (!leave && failure === null) markClosed(session);
    ending.abort();
    await orchestrator.close();
  } finally {
    unlock();
  }
  if (failure !== null) throw failure;
}

/** What is part of this program cannot be left: it is stopped, and says so. */
async function leaveRunning({ orchestrator, leave, log }: Session): Promise<void> {
  leave();
  const functions = [...orchestrator.registry.units()].filter(
    ({ snapshot }) => snapshot.hasTag('alive') && runsInProcess((snapshot.context as UnitContext).spec),
  );
  const stops = functions.map(async ({ id }) => {
    log.warn({ unit: id }, 'it is a function of this program, and cannot be left running: it is stopped');
    await orchestrator.request(id, 'stop.requested', LEFT_BEHIND).catch((error: unknown) => {
      log.error({ unit: id }, `cannot stop it: ${problemOf(error).message}`);
    });
  });
  await Promise.all(stops);
}

/** What was stopped stays stopped, whether that can be written or not. */
function markClosed({ store, log }: Session): void {
  try {
    store.setMeta('session', 'closed');
  } catch (error) {
    log.error({}, `${problemOf(error).message} The next one to open it goes on where this session was written last.`);
  }
}

function refuseUp({ registry }: Orchestrator, unitId: UnitId): void {
  const known = registry.get(unitId);
  if (!known) return;
  const { state, substate } = stateOf(known.snapshot.value);
  if (substate !== 'settled') throw new UnitUp({ unitId, state });
}

/** New units fit together with those that are there: nobody may wait in a circle, or for somebody who is not there. */
function assertFits({ registry }: Orchestrator, specs: readonly UnitSpec[]): void {
  const ids = new Set(specs.map(({ id }) => id));
  const others = [...registry.units()].flatMap(({ id, snapshot }) => (ids.has(id) ? [] : snapshot.context.spec));
  assertConsistent([...others, ...specs]);
}

async function runToItsEnd<Value>(unit: UnitHandle, signal?: AbortSignal): Promise<Result<Value>> {
  signal?.throwIfAborted();
  const onAbort = (): void => void unit.stop({ by: 'abort' }).catch(() => {});
  signal?.addEventListener('abort', onAbort, { once: true });
  const giveUp = new AbortController();
  const ended = unit.reached('settled', { signal: giveUp.signal });
  try {
    // How it ends is the result, and a launch that fails is one way to end. Without a run there is no end to wait for.
    await unit.start().catch((error: unknown) => {
      if (unit.status().outcome === null) throw signal?.aborted ? signal.reason : error;
    });
    const { outcome } = await ended;
    // It is what the function returned, by the type that its spec has.
    return { ...((await unit.result()) as Result<Value>), outcome };
  } catch (error) {
    ended.catch(() => {});
    giveUp.abort();
    // It may still wait for what it will not get.
    await unit.stop({ by: 'run' }).catch(() => {});
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}
