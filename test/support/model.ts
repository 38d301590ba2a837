/** Explores a machine: where it can get to, where it can get stuck, and by which events. */
import { type AnyMachineSnapshot, type AnyStateMachine, type EventObject, getStateNodes } from 'xstate';
import { createTestModel, getAdjacencyMap } from 'xstate/graph';
import { ANONYMOUS, graphOf } from '../../src/machines/definition.ts';

export interface Model {
  readonly machine: AnyStateMachine;
  readonly input: unknown;
  /** What may happen to it in a state. Payloads decide guards: every side of every guard wants one. */
  readonly eventsIn: (snapshot: AnyMachineSnapshot) => readonly EventObject[];
  /** Snapshots with the same key are one: coarse enough to be finite, fine enough to keep what guards ask for. */
  readonly keyOf: (snapshot: AnyMachineSnapshot) => string;
}

export interface Place {
  readonly key: string;
  readonly leaves: readonly string[];
  readonly leadsTo: readonly string[];
}

export interface Path {
  readonly end: AnyMachineSnapshot;
  readonly steps: readonly { readonly event: EventObject; readonly state: AnyMachineSnapshot }[];
}

/** Every place that can be reached, and the places one event further. */
export function placesOf(model: Model): readonly Place[] {
  const map = getAdjacencyMap(model.machine, traversal(model));
  return Object.entries(map).map(([key, { state, transitions }]) => ({
    key,
    leaves: leavesIn(model.machine, state as AnyMachineSnapshot),
    leadsTo: Object.values(transitions as Record<string, { state: AnyMachineSnapshot }>).map((next) =>
      model.keyOf(next.state),
    ),
  }));
}

/**
 * A shortest path to every place.
 *
 * @throws The machine has `after` or `invoke`, which cannot be explored, or replayed.
 */
export function shortestPaths(model: Model): readonly Path[] {
  const paths = createTestModel(model.machine).getShortestPaths(traversal(model));
  // The first step of XState's paths is the start itself.
  return paths.map(({ state, steps }) => ({
    end: state as AnyMachineSnapshot,
    steps: steps
      .slice(1)
      .map((step) => ({ event: step.event as EventObject, state: step.state as AnyMachineSnapshot })),
  }));
}

/** Leaves of the machine that no exploration came to, but for those that are left in the moment they are entered. */
export function unreachedLeaves(
  machine: AnyStateMachine,
  explorations: readonly (readonly Place[])[],
): readonly string[] {
  const reached = new Set(explorations.flat().flatMap(({ leaves }) => leaves));
  const { states, edges } = graphOf(machine);
  const isPassed = (id: string): boolean =>
    edges.some(({ source, kind, guard }) => source === id && kind === 'always' && guard === null);
  return states.filter(({ id, type }) => type === 'atomic' && !reached.has(id) && !isPassed(id)).map(({ id }) => id);
}

/** Places from which no sequence of events leads to a place inside the state `goal`. */
export function stuckPlaces(places: readonly Place[], goal: string): readonly string[] {
  const isGoal = ({ leaves }: Place): boolean => leaves.some((leaf) => leaf === goal || leaf.startsWith(`${goal}.`));
  const saved = new Set(places.filter(isGoal).map(({ key }) => key));
  for (let before = -1; before !== saved.size; ) {
    before = saved.size;
    for (const { key, leadsTo } of places) if (leadsTo.some((next) => saved.has(next))) saved.add(key);
  }
  return places.map(({ key }) => key).filter((key) => !saved.has(key));
}

/** Where actions or guards have no name: a journal could not say what happened there. */
export function unnamed(machine: AnyStateMachine): readonly string[] {
  const { states, edges } = graphOf(machine);
  const inStates = states.filter((state) =>
    [...state.entry, ...state.exit, ...(state.initialActions ?? [])].some(({ type }) => type === ANONYMOUS),
  );
  const inEdges = edges.filter(
    ({ guard, actions }) => guard?.includes(ANONYMOUS) || actions.some(({ type }) => type === ANONYMOUS),
  );
  return [...inStates.map(({ id }) => id), ...inEdges.map(({ source, event }) => `${source} on ${event ?? 'always'}`)];
}

const traversal = ({ input, eventsIn, keyOf }: Model) => ({
  input,
  events: (snapshot: unknown) => eventsIn(snapshot as AnyMachineSnapshot),
  serializeState: (snapshot: unknown) => keyOf(snapshot as AnyMachineSnapshot),
  serializeEvent: (event: EventObject) => JSON.stringify(event),
  limit: 200_000,
});

const leavesIn = (machine: AnyStateMachine, { value }: AnyMachineSnapshot): readonly string[] =>
  getStateNodes(machine.root, value)
    .filter(({ type }) => type === 'atomic' || type === 'final')
    .map(({ path }) => path.join('.'));
