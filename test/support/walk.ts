import type { Command } from '../../src/machines/commands.ts';
import type { UnitContext } from '../../src/machines/context.ts';
import type { UnitEventBody } from '../../src/machines/events.ts';
import { machines } from '../../src/machines/machines.ts';
import type { UnitSpec } from '../../src/machines/spec.ts';
import { createStepper } from '../../src/machines/step.ts';

/** Where a new unit is after these events. */
export interface Walk {
  readonly value: unknown;
  readonly context: UnitContext;
  /** What each event has done, in order. */
  readonly commands: readonly (readonly Command[])[];
}

/** Sends a unit's machine one event after the other, all at the same moment. */
export function walk(spec: UnitSpec, events: readonly UnitEventBody[]): Walk {
  const stepper = createStepper(machines[spec.kind], { id: '', epoch: '', spec: {} });
  let { next } = stepper.begin({ id: spec.id, epoch: 'e', spec });
  const commands = events.map((event) => {
    const step = stepper.step(next, { ...event, atMs: 1, monoMs: 1, seq: 1 });
    next = step.next;
    return step.commands;
  });
  return { value: next.value, context: next.context, commands };
}
