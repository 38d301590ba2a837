/**
 * A machine as plain data: what the inspector draws, what the tables show, and what a hash is taken of.
 *
 * XState's own ways out lose things: `machine.toJSON()` and `toDirectedGraph()` leave out every `always`, and the
 * latter guards and actions too. So the state nodes are walked here.
 */
import { createHash } from 'node:crypto';
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';
import type { Json } from './vocabulary.ts';

/** An action by name. `params` only where the machine says them as data; computed ones are not part of a definition. */
export interface GraphAction {
  readonly type: string;
  readonly params?: Json;
}

export interface GraphState {
  /** The path of keys, joined by dots: `stopping.asking`. `''` is the machine itself. */
  readonly id: string;
  /** `null` for the machine itself. */
  readonly parent: string | null;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  /** The child that is entered first; `null` where there is no choice of one. */
  readonly initial: string | null;
  readonly initialActions?: readonly GraphAction[];
  readonly entry: readonly GraphAction[];
  readonly exit: readonly GraphAction[];
  readonly tags: readonly string[];
  readonly description?: string;
}

export interface GraphEdge {
  readonly source: string;
  /** Empty: the state stays, only the actions happen. */
  readonly targets: readonly string[];
  readonly kind: 'event' | 'always';
  /** `null` for `always`. */
  readonly event: string | null;
  readonly guard: string | null;
  readonly actions: readonly GraphAction[];
  /** `true`: a target that is the source, or inside it, is left and entered again. */
  readonly reenter: boolean;
  /** Which of the source's answers to this event it is. The first one whose guard holds is taken. */
  readonly order: number;
}

export interface MachineGraph {
  readonly id: string;
  readonly states: readonly GraphState[];
  readonly edges: readonly GraphEdge[];
}

/** Stands for an action or a guard without a name: nothing that is recorded could tell it from another one. */
export const ANONYMOUS = '(anonymous)';

/** The states and transitions of a machine, in the order of its source. */
export function graphOf(machine: AnyStateMachine): MachineGraph {
  const nodes = withDescendants(machine.root);
  return { id: machine.id, states: nodes.map(stateOf), edges: nodes.flatMap(edgesOf) };
}

/**
 * 16 hex digits that change when states, transitions, guards, actions or their literal params do.
 *
 * What a name *means* is not part of it: the code of a guard or an action may change under the same hash.
 */
export function definitionHash(machine: AnyStateMachine): string {
  const known = hashes.get(machine);
  if (known !== undefined) return known;
  const whole = createHash('sha256').update(canonicalJson(graphOf(machine)));
  const hash = whole.digest('hex').slice(0, 16);
  hashes.set(machine, hash);
  return hash;
}

/** A machine does not change, and to draw its whole graph takes a millisecond. */
const hashes = new WeakMap<AnyStateMachine, string>();

/** The same text for the same value, whatever the order of its keys. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (part === null || typeof part !== 'object' || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

const withDescendants = (node: AnyStateNode): readonly AnyStateNode[] => [
  node,
  ...Object.values(node.states as Record<string, AnyStateNode>)
    .sort((a, b) => a.order - b.order)
    .flatMap(withDescendants),
];

const idOf = (node: AnyStateNode): string => node.path.join('.');

function stateOf(node: AnyStateNode): GraphState {
  const initial = node.type === 'compound' ? node.initial : null;
  const initialTarget = initial?.target?.[0] as AnyStateNode | undefined;
  const initialActions = (initial?.actions ?? []).map(actionOf);
  return {
    id: idOf(node),
    parent: node.parent ? idOf(node.parent) : null,
    type: node.type,
    initial: initialTarget ? idOf(initialTarget) : null,
    ...(initialActions.length > 0 ? { initialActions } : {}),
    entry: node.entry.map(actionOf),
    exit: node.exit.map(actionOf),
    tags: [...node.tags],
    ...(node.description === undefined ? {} : { description: node.description }),
  };
}

function edgesOf(node: AnyStateNode): readonly GraphEdge[] {
  const always = (node.always ?? []).map((transition, order) => edgeOf(node, null, transition, order));
  const byEvent = [...node.transitions].flatMap(([event, candidates]) =>
    candidates.map((transition, order) => edgeOf(node, event, transition, order)),
  );
  return [...always, ...byEvent];
}

function edgeOf(
  source: AnyStateNode,
  event: string | null,
  transition: AnyTransitionDefinition,
  order: number,
): GraphEdge {
  const targets = (transition.target ?? []) as readonly AnyStateNode[];
  return {
    source: idOf(source),
    targets: targets.map(idOf),
    kind: event === null ? 'always' : 'event',
    event,
    guard: transition.guard === undefined ? null : guardName(transition.guard),
    actions: transition.actions.map(actionOf),
    reenter: transition.reenter,
    order,
  };
}

function actionOf(action: unknown): GraphAction {
  const type = nameOf(action);
  const params = paramsOf(action);
  return params === undefined ? { type } : { type, params };
}

/** `and`, `or` and `not` are functions that hold the guards they combine. */
function guardName(guard: unknown): string {
  if (typeof guard === 'function' && 'guards' in guard && Array.isArray(guard.guards)) {
    return `${guard.name}(${guard.guards.map(guardName).join(', ')})`;
  }
  const params = paramsOf(guard);
  return params === undefined ? nameOf(guard) : `${nameOf(guard)}(${canonicalJson(params)})`;
}

function nameOf(named: unknown): string {
  if (typeof named === 'string') return named;
  if (typeof named !== 'object' || named === null || !('type' in named)) return ANONYMOUS;
  return typeof named.type === 'string' ? named.type : ANONYMOUS;
}

function paramsOf(named: unknown): Json | undefined {
  if (typeof named !== 'object' || named === null || !('params' in named)) return undefined;
  return typeof named.params === 'function' ? undefined : (named.params as Json);
}
