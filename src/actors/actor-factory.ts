import type { UnitContext, UnitInput } from '../machines/context.ts';
import { definitionHash, graphOf } from '../machines/definition.ts';
import { problemOf } from '../machines/errors.ts';
import { type MachineName, machines } from '../machines/machines.ts';
import type { UnitSpec } from '../machines/spec.ts';
import { createStepper, type Step, type Stepper, stateHash } from '../machines/step.ts';
import { SUPERVISOR } from '../machines/supervisor.ts';
import type { Json, UnitId, UnitKind } from '../machines/vocabulary.ts';
import type { UnitState } from '../store/projections/states.ts';
import { recordedSpec } from '../store/replay/recorded-spec.ts';
import type { Entry, RunRow, Snapshot, Store, UnitRow } from '../store/rows.ts';
import type { Clock, Log } from './ports.ts';
import { SNAPSHOT_EVERY } from './tick.ts';
import { type Accept, createPublicRef, type UnitActor } from './unit-actor.ts';

interface Kind {
  readonly stepper: Stepper;
  readonly definition: string;
  readonly version: number;
}

/** An actor that begins, or begins again, and its first entry, committed together with its first snapshot. */
export interface Birth {
  /** `null` where no unit is added: for the supervisor, which is none, and for a unit that is there already. */
  readonly row: UnitRow | null;
  readonly actor: UnitActor;
  readonly entry: Omit<Entry, 'seq' | 'atMs' | 'monoMs'>;
  readonly context: Snapshot['context'];
  /** Takes the place of an earlier unit of the same name. */
  readonly replaces: boolean;
}

/** Where a unit can begin again, knowing nothing but its run. A compound state means its first substate. */
const STATE_VALUES = {
  'reaped.settled': { reaped: 'settled' },
  'spawning.launching': { spawning: 'launching' },
  running: 'running',
} as const;

/** A unit as its newest run alone tells it. */
export function knownByRun(
  stepper: Stepper,
  input: UnitInput,
  run: Omit<RunRow, 'orderedSeq'> | null,
  known: Partial<UnitContext> = {},
): UnitActor['snapshot'] {
  const isOpen = run !== null && run.outcome === null;
  const value = !isOpen ? 'reaped.settled' : run.handle === null ? 'spawning.launching' : 'running';
  return stepper.restore(STATE_VALUES[value], {
    ...stepper.begin(input).next.context,
    desired: isOpen ? 'up' : 'down',
    generation: run?.generation ?? 0,
    run: run && { runId: run.runId, handle: run.handle, startedMs: run.startedMs, adopted: isOpen },
    outcome: run?.outcome ?? null,
    // Why it was to end stays why it ended (I3).
    ...(isOpen && run.generation === known.generation && { ending: known.ending, took: known.took }),
  });
}

type KnownRun = Parameters<typeof knownByRun>[2];

/** While the store cannot be written, it knows less of a run than we do; it never knows more. */
function newerOf(stored: KnownRun, { id: unitId, generation, run, outcome }: UnitContext): KnownRun {
  const storedGeneration = stored?.generation ?? 0;
  const isNewer = generation > storedGeneration || (generation === storedGeneration && outcome !== null);
  return run && isNewer ? { ...run, unitId, generation, orderedMs: stored?.orderedMs ?? 0, outcome } : stored;
}

type Ports = { readonly store: Store; readonly clock: Clock; readonly log: Log; readonly instance: string };

/** Makes actors: new ones with their first entry, and old ones from what the journal kept. */
export class ActorFactory {
  readonly #ports: Ports;
  readonly #accept: Accept;
  readonly #kinds = new Map<MachineName, Kind>();
  #births = 0;

  constructor(ports: Ports, accept: Accept) {
    this.#ports = ports;
    this.#accept = accept;
  }

  /** The supervisor holds no truth of its own, so it begins anew with every orchestrator. */
  supervisor(): Birth {
    return this.#birth(null, 'supervisor', {}, this.#ports.store.lastAseq(SUPERVISOR), false);
  }

  unit(spec: UnitSpec, earlier: UnitActor | undefined): Birth {
    const { clock, instance, store } = this.#ports;
    const epoch = `${instance}${(this.#births++).toString(36)}`;
    const row: UnitRow = { id: spec.id, kind: spec.kind, epoch, spec, addedMs: clock.wallMs() };
    // Facts of an earlier unit of this name may still be on their way: they must come late.
    const generation = (earlier?.snapshot.context ?? store.runs(spec.id)[0])?.generation ?? 0;
    const { desiredBy = null } = (earlier?.snapshot.context as UnitContext | undefined) ?? {};
    const input: UnitInput = { id: spec.id, epoch, spec, generation, desiredBy };
    return this.#birth(row, spec.kind, input, earlier?.aseq ?? store.lastAseq(spec.id), earlier !== undefined);
  }

  /** A unit that cannot be read, or is not what its journal says, is quarantined: its process runs on, untouched. */
  restore(state: UnitState): UnitActor {
    const { id, kind, epoch } = state.unit;
    const spec = { ...state.unit.spec, after: state.unit.spec.after ?? {}, group: state.unit.spec.group ?? null };
    const { stepper, definition, version } = this.#kind(kind);
    const input: UnitInput = { id, epoch, spec };
    const distrusted = (problem: string): UnitActor =>
      this.#actor(id, kind, this.#knownByItsRun(kind, input), this.#ports.store.lastAseq(id), problem);
    if (!state.unit.spec.restart) return distrusted('its spec cannot be read');
    if (state.unreadable) return distrusted(state.unreadable.message);
    try {
      const stored = stepper.restore(state.value, { ...state.context, spec });
      // Under other code the hash may differ, and nothing is wrong: the state is what the journal says.
      const isSameCode = state.definition === definition && state.version === version;
      const differs = isSameCode && stateHash(stored.value, stored.context) !== state.stateHash;
      const problem = differs ? `its state is not the one that entry ${state.seq} of its journal describes` : null;
      const whole = { ...stepper.begin(input).next.context, ...state.context, spec };
      const isOlder = Object.keys(whole).length > Object.keys(stored.context).length;
      const snapshot = isOlder ? stepper.restore(state.value, whole) : stored;
      const actor = this.#actor(id, kind, snapshot, state.aseq, problem);
      // What this version of the code has added to the context is in no patch: the next entry stores the whole.
      if (isOlder) actor.unsnapped = SNAPSHOT_EVERY;
      return actor;
    } catch (error) {
      return distrusted(problemOf(error).message);
    }
  }

  /** A quarantined unit that shall end begins again. */
  released(quarantined: UnitActor): Birth {
    const known: UnitContext = quarantined.snapshot.context;
    const { id, epoch, spec } = known;
    const next = this.#knownByItsRun(spec.kind, { id, epoch, spec }, known);
    const { spec: _, ...patch } = next.context as Record<string, Json>;
    const step = { next, patch, commands: [] };
    const birth = this.#birth(null, spec.kind, { id, epoch, spec }, quarantined.aseq, true, step);
    birth.actor.released = true;
    return birth;
  }

  /**
   * A unit as its newest run alone tells it; what else it knew of itself is forgotten. Whether the run still lives is
   * found out as after a crash.
   */
  #knownByItsRun(kind: UnitKind, input: UnitInput, known?: UnitContext): UnitActor['snapshot'] {
    const stored = this.#ports.store.runs(input.id)[0] ?? null;
    return knownByRun(this.#kind(kind).stepper, input, known ? newerOf(stored, known) : stored, known);
  }

  #birth(
    row: UnitRow | null,
    name: MachineName,
    input: unknown,
    aseq: number,
    replaces: boolean,
    { next, patch, commands }: Step = this.#kind(name).stepper.begin(input),
  ): Birth {
    const { definition, version } = this.#kind(name);
    const { id: unitId = SUPERVISOR, epoch = this.#ports.instance, spec: _, ...rest } = next.context;
    const context = unitId === SUPERVISOR ? rest : { id: unitId, epoch, ...rest };
    const type = row === null && name !== 'supervisor' ? 'unit.released' : 'unit.added';
    const event = { type, kind: name, epoch, ...(row && { spec: recordedSpec(row.spec) }) } as const;
    const state = { value: next.value, version, definition, stateHash: stateHash(next.value, next.context) };
    const entry = { unitId, aseq: aseq + 1, cause: null, event, patch, commands, ...state };
    return { row, actor: this.#actor(unitId, name, next, aseq, null), entry, context, replaces };
  }

  #actor(
    id: UnitId,
    name: MachineName,
    snapshot: UnitActor['snapshot'],
    aseq: number,
    quarantined: string | null,
  ): UnitActor {
    const kind = this.#kind(name);
    const { log } = this.#ports;
    if (quarantined !== null) log.error({ unit: id }, `quarantined: ${quarantined}`);
    const onFault = (error: unknown): void => {
      log.error({ unit: id }, `an observer failed: ${problemOf(error).message}`);
    };
    const ref = createPublicRef(id, kind.stepper.machine, snapshot, this.#accept, onFault);
    return { id, ...kind, ref, snapshot, aseq, unsnapped: 0, quarantined, released: false, launching: null };
  }

  #kind(name: MachineName): Kind {
    const known = this.#kinds.get(name);
    if (known) return known;
    const machine = machines[name];
    const kind = {
      stepper: createStepper(machine, { id: '', epoch: '', spec: {} }),
      definition: definitionHash(machine),
      version: Number(machine.version),
    };
    const { definition, version } = kind;
    const { store } = this.#ports;
    if (!store.knowsMachine(definition)) {
      const graph = JSON.parse(JSON.stringify(graphOf(machine))) as Json;
      store.rememberMachine({ definition, machine: name, version, graph });
    }
    this.#kinds.set(name, kind);
    return kind;
  }
}
