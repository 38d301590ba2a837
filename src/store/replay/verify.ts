/** Every entry decided again by a machine, and compared with what was recorded. */
import { definitionHash } from '../../machines/definition.ts';
import { problemOf } from '../../machines/errors.ts';
import type { JournaledEvent } from '../../machines/events.ts';
import { type MachineName, machines as ours } from '../../machines/machines.ts';
import { createStepper, type Stepper, stateHash } from '../../machines/step.ts';
import { SUPERVISOR } from '../../machines/supervisor.ts';
import type { Json, UnitId } from '../../machines/vocabulary.ts';
import type { Entry } from '../rows.ts';
import { type Difference, differencesBetween, isSameJson } from './differences.ts';
import { isBirth, type UnitMoment } from './fold.ts';
import type { FoldStep, History } from './history.ts';
import { Specs } from './specs.ts';
import { completed } from './upcast.ts';

/** A machine, as `createStepper` takes it. */
export type Machine = Parameters<typeof createStepper>[0];
/** Other machines in place of ours: an older or a newer version of them. */
export type Machines = Readonly<Partial<Record<MachineName, Machine>>>;

/** Where what a machine decides is not what was recorded. */
export interface Divergence {
  readonly unitId: UnitId;
  readonly seq: number;
  readonly aseq: number;
  /** The event that was decided on. */
  readonly event: string;
  /**
   * What differs. `value`, `patch`, `commands`: the machine decides otherwise. `fault`: it throws. `hash`: the entry
   * describes another state than its hash does, so that one of the two was changed.
   */
  readonly what: 'value' | 'patch' | 'commands' | 'fault' | 'hash';
  /** `false`: another version of the machine decided then, so that a difference need not be a fault. */
  readonly sameCode: boolean;
  /** What was recorded. */
  readonly expected: Json;
  readonly found: Json;
  readonly differences: readonly Difference[];
  readonly message: string;
}

/** What became of one entry. `unknown` says why nobody can tell. */
export type Checked =
  | { readonly is: 'same' }
  | { readonly is: 'different'; readonly divergence: Divergence }
  | { readonly is: 'unknown'; readonly why: string };

interface Code {
  readonly stepper: Stepper;
  readonly definition: string;
  readonly version: number;
}

const SAME: Checked = { is: 'same' };

/** Checks entries in any order; one after the other of a unit it is fastest. */
export class Verifier {
  readonly #specs: Specs;
  readonly #machines: Machines;
  readonly #codes = new Map<MachineName, Code>();
  /** What the machine has made of each unit so far, as long as that is what was recorded. */
  readonly #states = new Map<UnitId, { readonly seq: number; readonly snapshot: ReturnType<Stepper['restore']> }>();

  constructor(history: History, machines: Machines = {}) {
    this.#specs = new Specs(history);
    this.#machines = machines;
  }

  check({ entry, before, after }: FoldStep): Checked {
    if (after === null) return { is: 'unknown', why: 'entries of its unit before it are missing' };
    const spec = this.#specs.of(entry, before);
    if (isBirth(entry.event)) return this.#checkHash(entry, after, () => ({})) ?? SAME;
    if (entry.unitId !== SUPERVISOR && spec === null) return { is: 'unknown', why: 'the spec of its unit is not kept' };
    const code = this.#codeOf(spec?.kind ?? 'supervisor');
    const given: Given = () => (spec === null ? {} : { spec: withDefaults(spec.spec) });
    const sameCode = code.definition === entry.definition && code.version === entry.version;
    try {
      // Dear, and hardly ever needed.
      const fresh: Fresh = () => code.stepper.begin({ id: entry.unitId, epoch: '', ...given() }).next.context;
      const state = this.#stateBefore(before as UnitMoment, code, given, fresh, sameCode);
      const { event, atMs, monoMs, seq } = entry;
      const step = code.stepper.step(state, { ...event, atMs, monoMs, seq } as JournaledEvent);
      const found = { value: step.next.value, patch: step.patch, commands: step.commands };
      for (const what of ['value', 'patch', 'commands'] as const) {
        if (!isSameJson(entry[what], found[what]))
          return this.#differs(entry, what, sameCode, entry[what], found[what]);
      }
      this.#states.set(entry.unitId, { seq: entry.seq, snapshot: step.next });
      return this.#checkHash(entry, after, fresh) ?? SAME;
    } catch (error) {
      const { message } = problemOf(error);
      return this.#differs(entry, 'fault', sameCode, entry.value, message);
    }
  }

  #stateBefore(before: UnitMoment, { stepper }: Code, given: Given, fresh: Fresh, sameCode: boolean) {
    const known = this.#states.get(before.unitId);
    if (known?.seq === before.seq) return known.snapshot;
    // A unit that an older version of the machine left is completed, exactly as it is after an upgrade.
    const context = sameCode ? before.context : completed(before.context, fresh());
    return stepper.restore(before.value, { ...context, ...given() });
  }

  /** A hash needs no machine: whether an entry describes the state that it says is told by the entries alone. */
  #checkHash(entry: Entry, after: UnitMoment, fresh: Fresh): Checked | null {
    const found = stateHash(after.value, after.context);
    if (found === entry.stateHash) return null;
    // After an upgrade it knows more than its patches say, until it is written down as a whole.
    const { spec: _, ...whole } = completed(after.context, fresh());
    if (stateHash(after.value, whole) === entry.stateHash) return null;
    return this.#differs(entry, 'hash', true, entry.stateHash, found);
  }

  #differs(entry: Entry, what: Divergence['what'], sameCode: boolean, recorded: unknown, computed: unknown): Checked {
    this.#states.delete(entry.unitId);
    const [expected, found] = [plain(recorded), plain(computed)];
    const { unitId, seq, aseq, event } = entry;
    const differences = what === 'fault' ? [] : differencesBetween(expected, found);
    const where = `${unitId === SUPERVISOR ? 'the supervisor' : `"${unitId}"`}, entry ${seq} (${event.type})`;
    const message = `${where}: ${wordsOf(what, expected, found)}`;
    const divergence = { unitId, seq, aseq, event: event.type, what, sameCode, expected, found, differences, message };
    return { is: 'different', divergence };
  }

  #codeOf(name: MachineName): Code {
    const known = this.#codes.get(name);
    if (known) return known;
    const machine: Machine = this.#machines[name] ?? ours[name];
    const stepper = createStepper(machine, { id: '', epoch: '', spec: {} });
    const code = { stepper, definition: definitionHash(machine), version: Number(machine.version) };
    this.#codes.set(name, code);
    return code;
  }
}

/** The spec, where there is one. */
type Given = () => object;
type Fresh = () => Readonly<Record<string, unknown>>;

/** As a unit is restored: these came into specs later. */
const withDefaults = (spec: Json) => ({ after: {}, group: null, ...(spec as object) });

const plain = (value: unknown): Json => (value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Json));

function wordsOf(what: Divergence['what'], expected: Json, found: Json): string {
  if (what === 'fault') return `the machine cannot take it: ${found}`;
  if (what === 'hash') return 'it describes another state than the one that was recorded; it was changed afterwards';
  return `recorded ${NAMES[what]} ${shown(expected)}, the machine gives ${shown(found)}`;
}

const NAMES = { value: 'state', patch: 'changes', commands: 'commands' } as const;
const SHOWN_CHARS_MAX = 200;

function shown(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}…` : text;
}
