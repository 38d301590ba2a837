import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate';

/**
 * The same machine, with assignments that replace the context and nothing else.
 *
 * XState draws the state value and the tags anew for each of them, though no assignment changes either: a third of the
 * time of a step. What the machine decides is the same; a test compares it with XState's own actor along every shortest
 * path. Assignments that stand inline in a machine's config are done by XState, as they always were.
 */
export function withLeanAssigns(machine: AnyStateMachine): AnyStateMachine {
  const known = lean.get(machine);
  if (known) return known;
  const actions = Object.entries(machine.implementations.actions).map(([name, action]) => [name, leanOf(action)]);
  const made = machine.provide({ actions: Object.fromEntries(actions) });
  lean.set(machine, made);
  return made;
}

/** A machine does not change, and XState remembers with each one which transitions it has. */
const lean = new WeakMap<AnyStateMachine, AnyStateMachine>();

/** What XState keeps of an action of its own. Not part of its types, so everything is looked at before it is used. */
interface BuiltIn {
  readonly type: string;
  readonly assignment?: Assignment;
  readonly resolve: Resolve;
}
type Resolve = (scope: unknown, snapshot: AnyMachineSnapshot, args: Args, ...rest: readonly unknown[]) => Resolved;
type Resolved = readonly [next: AnyMachineSnapshot, params: unknown, actions: readonly unknown[] | undefined];
type Args = Readonly<Record<string, unknown>>;
type Assigned = Readonly<Record<string, unknown>>;
type Assignment = ((args: Args, params: unknown) => Assigned) | Assigned;

function leanOf(action: unknown): unknown {
  if (!isBuiltIn(action)) return action;
  if (action.type === 'xstate.assign' && action.assignment !== undefined) return leanAssign(action, action.assignment);
  return action.type === 'xstate.enqueueActions' ? leanQueue(action) : action;
}

const isBuiltIn = (action: unknown): action is BuiltIn =>
  typeof action === 'function' && 'resolve' in action && typeof action.resolve === 'function' && 'type' in action;

function leanAssign(action: BuiltIn, assignment: Assignment): unknown {
  const resolve: Resolve = (_scope, snapshot, { event, self, system }, params) => {
    const { context } = snapshot;
    const assigned = valuesOf(assignment, { context, event, self, system, spawn: refuseToSpawn }, params);
    return [{ ...snapshot, context: { ...context, ...assigned } }, undefined, undefined];
  };
  return Object.assign(() => {}, action, { resolve });
}

function valuesOf(assignment: Assignment, args: Args, params: unknown): Assigned {
  if (typeof assignment === 'function') return assignment(args, params);
  const values: Record<string, unknown> = {};
  for (const key in assignment) {
    const value = assignment[key];
    values[key] = typeof value === 'function' ? value(args, params) : value;
  }
  return values;
}

/** What it enqueues may be assignments, too. */
function leanQueue(action: BuiltIn): unknown {
  const resolve: Resolve = (scope, snapshot, args, ...rest) => {
    const [next, params, actions] = action.resolve(scope, snapshot, args, ...rest);
    return [next, params, actions?.map(leanOf)];
  };
  return Object.assign(() => {}, action, { resolve });
}

function refuseToSpawn(): never {
  throw new Error('A machine that is journaled starts no actors: what it starts are commands.');
}
