import { QueueIndex } from '../actors/queues.ts';
import { remembered } from '../actors/remembered.ts';
import { isAlive } from '../adapters/system/identity.ts';
import { newContext, runsInProcess, type UnitContext } from '../machines/context.ts';
import { machines } from '../machines/machines.ts';
import { viewOf } from '../machines/view.ts';
import type { UnitId } from '../machines/vocabulary.ts';
import { whyItWaits } from '../machines/waiting.ts';
import { loadStates, type UnitState } from '../store/projections/states.ts';
import type { Store } from '../store/rows.ts';
import { statusOf } from './status.ts';
import type { UnitStatus } from './types.ts';

/**
 * The units as they were recorded last, with what can be seen from here: whether they live, and what they wait for.
 *
 * @param isHeld Whether the program that orchestrates lives.
 */
export function storedStatuses(store: Store, isHeld: () => boolean): UnitStatus[] {
  const units = loadStates(store).map(asRecorded);
  const known = new Map(units.map((unit) => [unit.id, { ...unit, status: statusOfStored(unit, isHeld) }]));
  const queues = new QueueIndex();
  queues.setSpecs(remembered(store).queues);
  for (const unit of units) queues.follow(unit, unit.snapshot);
  const viewFor = (id: UnitId) => {
    const unit = known.get(id);
    return unit && viewOf(unit.snapshot, 'one-for-one');
  };
  return units.map((unit) => {
    const { status } = known.get(unit.id)!;
    const waits = whyItWaits(viewOf(unit.snapshot, 'one-for-one'), {
      viewOf: viewFor,
      whyOf: (id) => known.get(id)?.status.why ?? '',
      queueOf: () => queues.viewFor(unit),
    });
    return waits === '' || unit.quarantined !== null ? status : { ...status, why: waits };
  });
}

type Recorded = ReturnType<typeof asRecorded>;

/** What cannot be read is shown at rest, with the reason. */
function asRecorded(state: UnitState) {
  const { id, kind, epoch, spec } = state.unit;
  const blank = newContext({ id, epoch, spec: { ...spec, after: spec.after ?? {}, group: spec.group ?? null } });
  const whole = state.unreadable ? blank : { ...blank, ...state.context, spec: blank.spec };
  const value = state.unreadable ? { reaped: 'settled' } : (state.value as never);
  const snapshot = machines[kind].resolveState({ value, context: whole });
  return { id, quarantined: state.unreadable?.message ?? null, snapshot };
}

function statusOfStored({ snapshot, quarantined }: Recorded, isHeld: () => boolean): UnitStatus {
  const context = snapshot.context as UnitContext;
  const status = statusOf(context, snapshot.value, { ready: snapshot.hasTag('ready'), quarantined });
  if (runsInProcess(context.spec) && snapshot.hasTag('alive') && !isHeld()) {
    return {
      ...status,
      ready: false,
      why: 'its program is gone, and it with that; the next one to open this records it',
    };
  }
  const identity = status.run?.pid ? context.run?.handle?.identity : null;
  // It ended while nobody orchestrates: the next orchestrator records how.
  if (!identity || isAlive(identity)) return status;
  return { ...status, ready: false, why: 'its process is gone; the next `reeve up` records how it ended' };
}
