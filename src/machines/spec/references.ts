import { type SpecFault, type SpecPath, show } from './fault.ts';
import { suggestion } from './nearest.ts';

/** Units as they were written. Read with care: they may be wrong in any other way at the same time. */
export type WrittenUnits = ReadonlyMap<string, unknown>;

const ACTIONS = ['start', 'stop', 'restart', 'run'] as const;

/** What one unit says of others that does not hold: unknown units, and itself. */
export function referenceFaults(id: string, unit: unknown, units: WrittenUnits, path: SpecPath): readonly SpecFault[] {
  const named = [
    ...Object.keys(mapAt(unit, 'after')).map((other) => ({ other, at: [...path, 'after', other] })),
    ...ACTIONS.flatMap((action) =>
      listAt(mapAt(unit, 'then'), action).map((other, index) => ({ other, at: [...path, 'then', action, index] })),
    ),
  ];
  const unknown = named.filter(({ other }) => !units.has(other));
  const own = named.filter(({ other, at }) => other === id && at.includes('then'));
  return [
    ...unknown.map(({ other, at }) => noUnit(other, at, units)),
    ...own.map(({ at }) => fault(at, 'a watcher cannot act on itself')),
    ...jobsOnly(unit, units, path),
    ...printersOnly(unit, units, path),
  ];
}

/** One fault for each circle of units that wait for each other, at the edge that closes it. */
export function cycleFaults(units: WrittenUnits, pathOf: (id: string) => SpecPath): readonly SpecFault[] {
  const faults: SpecFault[] = [];
  const done = new Set<string>();
  // The trail, in a set too. Not by recursion: thousands of units may wait for each other in one long row.
  const trail: { readonly id: string; readonly others: string[] }[] = [];
  const onTrail = new Set<string>();
  const enter = (id: string): void => {
    trail.push({ id, others: Object.keys(mapAt(units.get(id), 'after')).reverse() });
    onTrail.add(id);
  };
  for (const first of units.keys()) {
    if (!done.has(first)) enter(first);
    for (let at = trail.at(-1); at !== undefined; at = trail.at(-1)) {
      const { id, others } = at;
      const other = others.pop();
      if (other === undefined) {
        trail.pop();
        onTrail.delete(id);
        done.add(id);
      } else if (onTrail.has(other)) {
        const names = trail.map((one) => one.id);
        const circle = [...names.slice(names.indexOf(other)), other].join(' → ');
        faults.push(fault([...pathOf(id), 'after', other], `waits in a circle: ${circle}`, 'take one of them out'));
      } else if (units.has(other) && !done.has(other)) enter(other);
    }
  }
  return faults;
}

/**
 * A declared group or queue that nobody is in is a misspelt one. One that is used and not declared is `one-for-one`, or
 * runs one job at a time.
 */
export function unusedFaults(what: 'group' | 'queue', units: WrittenUnits, declared: unknown): readonly SpecFault[] {
  const used = new Set([...units.values()].map((unit) => textAt(unit, what)).filter((name) => name !== null));
  return Object.keys(isMap(declared) ? declared : {})
    .filter((name) => !used.has(name))
    .map((name) => fault([`${what}s`, name], `no unit is in ${what} ${show(name)}`, suggestion(name, used)));
}

function jobsOnly(unit: unknown, units: WrittenUnits, path: SpecPath): readonly SpecFault[] {
  return listAt(mapAt(unit, 'then'), 'run').flatMap((other, index) =>
    units.has(other) && textAt(units.get(other), 'kind') !== 'job'
      ? [fault([...path, 'then', 'run', index], `${show(other)} is not a job`, 'use start or restart for it')]
      : [],
  );
}

/** Neither a watcher nor a function of the program that holds us has an output of its own. */
function printersOnly(unit: unknown, units: WrittenUnits, path: SpecPath): readonly SpecFault[] {
  const after = Object.entries(mapAt(unit, 'after'));
  return after.flatMap(([other, requirement]) => {
    const isSilent = textAt(units.get(other), 'kind') === 'watcher' || 'run' in mapOf(units.get(other));
    return isSilent && typeof requirement === 'string' && requirement.startsWith('log:')
      ? [fault([...path, 'after', other], `${show(other)} prints nothing`, 'wait for ready')]
      : [];
  });
}

const GUESSED_AMONG = 200;
const NAMED = 20;

function noUnit(other: string, at: SpecPath, units: WrittenUnits): SpecFault {
  // Among very many, a guess for every one of very many faults would take minutes.
  const known = [...units.keys()].slice(0, GUESSED_AMONG);
  const more = units.size > NAMED ? ', …' : '';
  const hint =
    suggestion(other, known) ??
    (known.length === 0 ? undefined : `the units are ${known.slice(0, NAMED).join(', ')}${more}`);
  return fault(at, `there is no unit ${show(other)}`, hint);
}

const fault = (path: SpecPath, message: string, hint?: string): SpecFault => ({
  code: 'InvalidSpec',
  path,
  message,
  ...(hint === undefined ? {} : { hint }),
});

export const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const mapOf = (value: unknown): Readonly<Record<string, unknown>> => (isMap(value) ? value : {});

const mapAt = (value: unknown, key: string): Readonly<Record<string, unknown>> => mapOf(mapOf(value)[key]);

const listAt = (value: Readonly<Record<string, unknown>>, key: string): readonly string[] => {
  const inner = value[key];
  return Array.isArray(inner) ? inner.filter((item) => typeof item === 'string') : [];
};

const textAt = (value: unknown, key: string): string | null => {
  const inner = isMap(value) ? value[key] : undefined;
  return typeof inner === 'string' ? inner : null;
};
