import { join } from 'node:path';
import type { HealAction, HealReport } from '../actors/heal.ts';
import { expectedTimers } from '../actors/waits.ts';
import { orphanedRunsNow } from '../adapters/process/orphans.ts';
import { isAlive } from '../adapters/system/identity.ts';
import { keepsDescendants, newContext, runsInProcess, type UnitContext } from '../machines/context.ts';
import { machines } from '../machines/machines.ts';
import { stateOf } from '../machines/view.ts';
import { holderOf } from '../store/lock.ts';
import { loadStates, type UnitState } from '../store/projections/states.ts';
import type { Store } from '../store/rows.ts';
import { openStore } from '../store/store.ts';
import { STORE_FILE } from './open.ts';

/**
 * What an orchestrator would heal if one opened the state directory now. Changes nothing.
 *
 * @throws {StoreMissing} Nothing was ever orchestrated there.
 */
export function whatToHeal(stateDir: string): HealReport {
  const store = openStore({ path: join(stateDir, STORE_FILE), readonly: true });
  try {
    const states = loadStates(store);
    const isHeld = holderOf(stateDir) !== null;
    const actions = [...states.flatMap((state) => actionsFor(state, store, isHeld)), ...strays(states, store)];
    return { dryRun: true, scanned: states.length, actions };
  } finally {
    store.close();
  }
}

function actionsFor(recorded: UnitState, store: Store, isHeld: boolean): readonly HealAction[] {
  const { id, kind, epoch, spec } = recorded.unit;
  if (recorded.unreadable) {
    const found = `its state cannot be read: ${recorded.unreadable.message}`;
    return [{ unit: id, found, did: 'would be quarantined' }];
  }
  const { value, context } = recorded;
  const whole: UnitContext = { ...newContext({ id, epoch, spec }), ...context };
  const snapshot = machines[kind].resolveState({ value: value as never, context: whole });
  const identity = whole.run?.handle?.identity;
  const hasProcess = !['spawning', 'reaped'].includes(stateOf(value).state) && stateOf(value).substate !== 'sweeping';
  const armed = new Set(store.timers().flatMap(({ unitId, timer }) => (unitId === id ? timer : [])));
  const gone = hasProcess && identity && !isAlive(identity);
  const diedWithProgram = hasProcess && runsInProcess(spec) && !isHeld;
  return [
    ...(gone ? [{ unit: id, found: `its process ${identity.pid} is gone`, did: 'would be recorded' }] : []),
    ...(diedWithProgram
      ? [{ unit: id, found: 'its program is gone, and it with that', did: 'would be recorded' }]
      : []),
    ...expectedTimers({ snapshot })
      .filter((timer) => !armed.has(timer))
      .map((timer) => ({ unit: id, found: `it waits for the timer "${timer}", which is not armed`, did: REARMED })),
  ];
}

const REARMED = 'would be re-armed';

function strays(states: readonly UnitState[], store: Store): readonly HealAction[] {
  const ownerId = store.meta('ownerId');
  if (ownerId === null) return [];
  const openRuns = store.openRuns().map(({ runId }) => runId);
  // What a run of a unit that is not at rest left behind is for that unit to end.
  const current = states.flatMap((recorded) => {
    if (recorded.unreadable) return [];
    const run = recorded.context.run as UnitContext['run'] | undefined;
    return run && stateOf(recorded.value).state !== 'reaped' ? run.runId : [];
  });
  const sparedUnits = states.flatMap(({ unit }) => (keepsDescendants(unit.spec) ? unit.id : []));
  const household = { ownerId, openRuns: [...openRuns, ...current], sparedUnits };
  return orphanedRunsNow(household).map(({ unitId, runId }) => {
    return { unit: unitId, found: `something of its run ${runId} outlived it`, did: 'would be ended' };
  });
}
