import type { GraphAction, GraphEdge, MachineGraph } from '../../src/machines/definition.ts';

/** `cancelTimer(launch)`: the name, and the values of its literal params. */
export function actionWords({ type, params }: GraphAction): string {
  if (params === undefined || params === null) return type;
  const values = typeof params === 'object' ? Object.values(params) : [params];
  const words = values.map((value) => (typeof value === 'object' ? JSON.stringify(value) : String(value)));
  return `${type}(${words.join(', ')})`;
}

/** States without states inside: where a machine can be. */
export function leavesOf({ states }: MachineGraph): readonly string[] {
  const parents = new Set(states.map(({ parent }) => parent));
  return states.map(({ id }) => id).filter((id) => !parents.has(id));
}

/** A state, then what it is inside of, up to the machine itself: the order in which they are asked about an event. */
export function withAncestors({ states }: MachineGraph, id: string): readonly string[] {
  const parent = states.find((state) => state.id === id)?.parent ?? null;
  return parent === null ? [id] : [id, ...withAncestors({ id: '', states, edges: [] }, parent)];
}

/**
 * The answers a leaf may give to an event, in the order in which they are tried, inherited ones last.
 *
 * Ends with the first answer that has no guard; nothing after it can be reached.
 */
export function answersOf(graph: MachineGraph, leaf: string, event: string): readonly GraphEdge[] {
  const candidates = withAncestors(graph, leaf).flatMap((source) =>
    graph.edges.filter((edge) => edge.source === source && edge.event === event),
  );
  const last = candidates.findIndex(({ guard }) => guard === null);
  return last < 0 ? candidates : candidates.slice(0, last + 1);
}

/** An unguarded `always` leaves the state in the moment it is entered: no event ever finds it. */
export const isPassedThrough = ({ edges }: MachineGraph, id: string): boolean =>
  edges.some(({ source, kind, guard }) => source === id && kind === 'always' && guard === null);

/** One arrow of a drawing: all the transitions that lead from one state to one other. */
export interface Arrow {
  readonly source: string;
  readonly target: string;
  readonly edges: readonly GraphEdge[];
}

export function arrowsOf({ edges }: MachineGraph): readonly Arrow[] {
  const pairs = edges.flatMap((edge) => edge.targets.map((target) => ({ source: edge.source, target, edge })));
  const groups = Map.groupBy(pairs, ({ source, target }) => `${source} → ${target}`);
  return [...groups.values()].flatMap((group) => {
    const first = group[0];
    return first ? [{ source: first.source, target: first.target, edges: group.map(({ edge }) => edge) }] : [];
  });
}

/** `timer.ask`, `run.launched [isUnwanted]`, `[waitsForNothing]` for what happens at once. */
export function edgeWords({ event, guard }: GraphEdge): string {
  return [event ?? '', guard === null ? '' : `[${guard}]`].filter((part) => part !== '').join(' ') || 'else';
}

export const isInside = (inner: string, outer: string): boolean =>
  outer === '' || inner === outer || inner.startsWith(`${outer}.`);

export const keyOf = (id: string): string => id.split('.').at(-1) ?? id;
