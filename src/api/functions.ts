import type { UnitActor } from '../actors/unit-actor.ts';
import type { JobFunction } from '../adapters/in-process/function.ts';
import { type GivenFunctions, givenHere } from '../adapters/in-process/functions.ts';
import { rerunsAfterDeath, type UnitContext } from '../machines/context.ts';
import type { InProcessJobOptions, InProcessJobSpec, UnitSpec } from '../machines/spec.ts';
import { stateOf } from '../machines/view.ts';

/** Seen by whoever copies a spec, and by nobody who writes it down. */
const FUNCTION = Symbol('reeve.function');

/** A job that is a function of this program, as `job()` makes it. */
export type InProcessJob<Value> = InProcessJobSpec & { readonly [FUNCTION]: JobFunction<Value> };

/** A job as a program writes it that is a function: `job({ id: 'index', run: async ({ signal }) => … })`. */
export type InProcessJobInput<Value> = InProcessJobOptions & { readonly run: JobFunction<Value> };

export const withFunction = <Value>(spec: InProcessJobSpec, run: JobFunction<Value>): InProcessJob<Value> => ({
  ...spec,
  [FUNCTION]: run,
});

/** Takes the functions out of specs and keeps them for the runs to come. What is left is plain data. */
export function keepFunctions(specs: readonly UnitSpec[], functions: GivenFunctions): readonly UnitSpec[] {
  return specs.map((spec) => {
    if (!(FUNCTION in spec)) return spec;
    const { [FUNCTION]: run, ...plain } = spec as InProcessJob<unknown>;
    functions.set(plain.id, givenHere(run));
    return plain;
  });
}

/** Who asks for its end when its program goes away and leaves the rest running. */
export const LEFT_BEHIND = 'leave';

/** It is to be run again, and has not been: nobody had its function, or its program has left. */
export function isOwed({ snapshot }: UnitActor): boolean {
  const { spec, outcome } = snapshot.context as UnitContext;
  const isAtRest = stateOf(snapshot.value).substate === 'settled';
  return isAtRest && rerunsAfterDeath(spec) && (outcome?.kind === 'launch-failed' || outcome?.by === LEFT_BEHIND);
}
