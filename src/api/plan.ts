import type { Orchestrator } from '../actors/orchestrator.ts';
import type { Queues } from '../actors/queues.ts';
import type { Groups } from '../actors/registry.ts';
import type { UnitActor } from '../actors/unit-actor.ts';
import type { UnitContext } from '../machines/context.ts';
import { assertConsistent, type UnitSpec } from '../machines/spec.ts';
import { stateOf } from '../machines/view.ts';
import type { UnitId } from '../machines/vocabulary.ts';
import type { PlanOptions } from './types.ts';

/**
 * What becomes of a unit. `restart`: it is up, and goes on by its new spec. `replace`: it is at rest, and gets its new
 * spec there. `extra`: it is not among those that were given, and is kept.
 */
export interface PlannedChange {
  readonly unit: UnitId;
  readonly change: 'add' | 'restart' | 'replace' | 'remove' | 'keep' | 'extra';
  /** The keys of its spec that are written otherwise. */
  readonly keys: readonly string[];
}

/** What has to be done so that the units that are there are those that were given. */
export interface Plan {
  readonly changes: readonly PlannedChange[];
  /** As they were given, with every default. */
  readonly units: readonly UnitSpec[];
  readonly groups?: Groups;
  readonly queues?: Queues;
}

/** Who the journal says has asked for it. */
const BY = 'plan';

/** Changes nothing. @throws {InvalidSpec} The units would not fit together, with those that are kept. */
export function planFor(
  { registry }: Pick<Orchestrator, 'registry'>,
  units: readonly UnitSpec[],
  { removeExtra = false, groups, queues }: PlanOptions = {},
): Plan {
  const given = new Set(units.map(({ id }) => id));
  const extra = [...registry.units()].filter(({ id }) => !given.has(id));
  const kept = removeExtra ? [] : extra.map(({ snapshot }) => (snapshot.context as UnitContext).spec);
  assertConsistent([...kept, ...units]);
  const changes = [
    ...units.map((spec) => changeTo(spec, registry.get(spec.id))),
    ...extra.map(({ id: unit }) => ({
      unit,
      change: removeExtra ? ('remove' as const) : ('extra' as const),
      keys: [],
    })),
  ];
  return { changes, units, ...(groups && { groups }), ...(queues && { queues }) };
}

function changeTo(spec: UnitSpec, known: UnitActor | undefined): PlannedChange {
  const { id: unit } = spec;
  if (!known) return { unit, change: 'add', keys: [] };
  const keys = changedKeys((known.snapshot.context as UnitContext).spec, spec);
  if (isLeftByPlan(known)) return { unit, change: 'restart', keys };
  if (keys.length === 0) return { unit, change: 'keep', keys };
  return { unit, change: isAtRest(known) ? 'replace' : 'restart', keys };
}

function changedKeys(before: UnitSpec, after: UnitSpec): readonly string[] {
  const [old, next] = [before, after].map((spec) => new Map(Object.entries(spec)));
  const keys = [...new Set([...(old?.keys() ?? []), ...(next?.keys() ?? [])])];
  return keys.filter((key) => JSON.stringify(old?.get(key)) !== JSON.stringify(next?.get(key)));
}

const isAtRest = ({ snapshot }: UnitActor): boolean => stateOf(snapshot.value).substate === 'settled';

/** A plan is to start it, for the first time or again, and whoever applied it was killed before it could. */
export function isLeftByPlan(actor: UnitActor): boolean {
  const { run, outcome, desiredBy } = actor.snapshot.context as UnitContext;
  const isUnasked = run === null && (desiredBy === null || desiredBy === BY);
  return isAtRest(actor) && (outcome?.by === BY || isUnasked);
}

/**
 * Does what a plan says, and touches no other unit. Resolves when everything that is to run was asked to start.
 *
 * What ends first ends before anything begins: a port that goes from one unit to another is free by then. Whoever is
 * killed in the middle leaves units that a plan has stopped, or that never ran: the next plan, or opening the state
 * directory with the same units, goes on with them.
 */
export async function applyPlan(orchestrator: Orchestrator, { changes, units, groups, queues }: Plan): Promise<void> {
  const ids = (...wanted: readonly PlannedChange['change'][]): readonly UnitId[] =>
    changes.filter(({ change }) => wanted.includes(change)).map(({ unit }) => unit);
  const { registry } = orchestrator;
  const isKnown = (id: UnitId): boolean => registry.get(id) !== undefined;
  await Promise.all([
    ...ids('remove')
      .filter(isKnown)
      .map((id) => orchestrator.request(id, 'terminate.requested', BY)),
    ...ids('restart')
      .filter(isKnown)
      .map((id) => orchestrator.request(id, 'stop.requested', BY)),
  ]);
  const renewed = new Set(ids('add', 'restart', 'replace'));
  orchestrator.add(
    units.filter(({ id }) => renewed.has(id)),
    groups,
    queues,
  );
  const begun = ids('add', 'restart');
  if (begun.length > 0) await orchestrator.up(begun);
}
