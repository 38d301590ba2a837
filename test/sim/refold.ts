import type { JournaledEvent } from '../../src/machines/events.ts';
import { machines } from '../../src/machines/machines.ts';
import type { UnitSpec } from '../../src/machines/spec.ts';
import { createStepper, type Stepper, stateHash } from '../../src/machines/step.ts';
import type { UnitKind } from '../../src/machines/vocabulary.ts';
import type { Entry } from '../../src/store/rows.ts';

const steppers = new Map<string, Stepper>();

function stepperOf(kind: UnitKind | 'supervisor'): Stepper {
  const stepper = steppers.get(kind) ?? createStepper(machines[kind], { id: '', epoch: '', spec: {} });
  steppers.set(kind, stepper);
  return stepper;
}

/** Where the machine says something else than what is recorded (I5). `''`: nowhere. */
export function firstDifference(entries: readonly Entry[], spec: UnitSpec | null): string {
  const stepper = stepperOf(spec?.kind ?? 'supervisor');
  let state = stepper.begin({ id: '', epoch: '', spec }).next;
  for (const entry of entries) {
    const { event, atMs, monoMs, seq, unitId } = entry;
    if (event.type === 'unit.added' || event.type === 'unit.released') {
      // Its patch is the whole context, and no machine was asked.
      state = stepper.restore(entry.value, { ...entry.patch, spec });
      continue;
    }
    const { next, patch, commands } = stepper.step(state, { ...event, atMs, monoMs, seq } as JournaledEvent);
    state = next;
    const found = JSON.stringify([next.value, patch, commands, stateHash(next.value, next.context)]);
    const recorded = JSON.stringify([entry.value, entry.patch, entry.commands, entry.stateHash]);
    if (found !== recorded) return `entry ${seq} of "${unitId}": recorded ${recorded}, folded ${found}`;
  }
  return '';
}
