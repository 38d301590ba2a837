import { definitionHash } from '../machines/definition.ts';
import { machines } from '../machines/machines.ts';
import type { UnitSpec } from '../machines/spec.ts';
import { createStepper, stateHash } from '../machines/step.ts';
import type { Handle, Json, RunId } from '../machines/vocabulary.ts';
import { recordedSpec } from '../store/replay/recorded-spec.ts';
import type { Entry, RunRow, Tick } from '../store/rows.ts';
import { knownByRun } from './actor-factory.ts';
import { emptyTick, snapshotOf } from './arrivals.ts';
import type { Clock } from './ports.ts';

/** A run that is known to live, though no store tells of it, and the unit whose run it is. */
export interface LostAndFound {
  readonly spec: UnitSpec;
  readonly runId: RunId;
  readonly handle: Handle;
  readonly startedMs: number;
}

/**
 * What an empty store has to be told so that these runs are found again as after any crash of ours.
 *
 * Their units are what their runs alone tell: up, and the rest of their past is forgotten.
 */
export function regained(found: readonly LostAndFound[], clock: Clock): Tick {
  const tick = emptyTick();
  const moment = { atMs: clock.wallMs(), monoMs: clock.monoMs() };
  found.forEach(({ spec, runId, handle, startedMs }, index) => {
    const [epoch = '', generation = ''] = runId.split('.');
    const { id, kind } = spec;
    const seq = index + 1;
    const order = { runId, unitId: id, generation: Number(generation), orderedMs: startedMs, orderedSeq: seq };
    const { entry, context } = beginning(spec, epoch, { ...order, handle, startedMs, outcome: null });
    const whole: Entry = { ...entry, ...moment, seq };
    tick.unitsAdded.push({ id, kind, epoch, spec, addedMs: moment.atMs });
    tick.entries.push(whole);
    tick.snapshots.push(snapshotOf(whole, context));
    tick.runsOrdered.push(order);
    tick.runsStarted.push({ runId, handle, startedMs });
  });
  return tick;
}

function beginning(spec: UnitSpec, epoch: string, run: RunRow) {
  const { id: unitId, kind } = spec;
  const machine = machines[kind];
  const stepper = createStepper(machine, { id: '', epoch: '', spec: {} });
  const { value, context: whole } = knownByRun(stepper, { id: unitId, epoch, spec }, run);
  const { spec: _, ...context } = whole as Record<string, Json>;
  const code = { version: Number(machine.version), definition: definitionHash(machine) };
  const state = { value, ...code, stateHash: stateHash(value, whole) };
  const event = { type: 'unit.added', kind, epoch, spec: recordedSpec(spec) } as const;
  const entry = { unitId, aseq: 1, cause: null, event, patch: context, commands: [], ...state };
  return { entry, context };
}
