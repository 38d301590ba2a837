/**
 * A machine as a Graphviz drawing. States with states inside are boxes; the first thing in such a box says what holds
 * in all of it, and the arrows of the whole box begin there. Ids (`node:stopping.asking`) let a page light up states.
 */
import type { GraphAction, GraphEdge, GraphState, MachineGraph } from '../../src/machines/definition.ts';
import { type Arrow, actionWords, arrowsOf, edgeWords, isInside, keyOf } from './words.ts';

/** By top-level state, so that the six words look the same in every drawing. */
const COLOURS: Readonly<Record<string, string>> = {
  spawning: '#dbeafe',
  'waiting-health': '#fef3c7',
  running: '#dcfce7',
  'idle-stalled': '#ede9fe',
  stopping: '#ffedd5',
  reaped: '#e5e7eb',
};
/** Laid out with Courier's widths, which every monospaced font shares: the words fit their boxes on every machine. */
const FONT = 'Courier';
const FONTS_SHOWN = 'ui-monospace,Menlo,Consolas,DejaVu Sans Mono,Courier New,monospace';
const COLUMNS_MAX = 46;

type Attributes = Readonly<Record<string, string | number | boolean>>;
const PAGE = { compound: true, nodesep: 0.35, ranksep: 0.45, fontname: FONT, fontsize: 18, labelloc: 't' };
const BOX = {
  shape: 'box',
  style: 'rounded,filled',
  color: '#6b7280',
  fontname: FONT,
  fontsize: 11,
  margin: '0.12,0.06',
};
const CLUSTER = { style: 'rounded,filled', color: '#9ca3af', fontsize: 13 };
const NOTE = { shape: 'note', style: 'filled', fillcolor: '#f9fafb' };
const DOT = { shape: 'circle', style: 'filled', fillcolor: '#111827', width: 0.1, fixedsize: true, label: '' };
const ARROW = { color: '#6b7280', arrowsize: 0.7, fontname: FONT, fontsize: 9, fontcolor: '#374151' };

export function dotOf(graph: MachineGraph, title: string, notice: string): string {
  const caption = `<b>${escaped(title)}</b><br/><font point-size="11">${escaped(notice)}</font>`;
  return [
    `digraph ${quoted(graph.id)} {`,
    `  graph ${attributes({ ...PAGE, label: `<${caption}>` })}`,
    `  node ${attributes(BOX)}`,
    `  edge ${attributes(ARROW)}`,
    ...insideOf(graph, '', '  '),
    ...arrowsOf(graph).map((arrow) => `  ${arrowLine(graph, arrow)}`),
    '}',
    '',
  ].join('\n');
}

/** The drawing with the fonts that a reader has, and ids as they are written: Graphviz spells every hyphen `&#45;`. */
export const readable = (svg: string): string =>
  svg
    .replaceAll(`font-family="${FONT}"`, `font-family="${FONTS_SHOWN}"`)
    .replaceAll(/ id="[^"]*"/g, (id) => id.replaceAll('&#45;', '-'));

function insideOf(graph: MachineGraph, parent: string, indent: string): readonly string[] {
  const whole = graph.states.find(({ id }) => id === parent);
  return [
    ...(whole && saysSomething(graph, whole) ? [`${indent}${wholeLine(graph, whole)}`] : []),
    ...initialLines(graph, parent, indent),
    ...graph.states.filter((state) => state.parent === parent).flatMap((state) => stateLines(graph, state, indent)),
  ];
}

function initialLines(graph: MachineGraph, parent: string, indent: string): readonly string[] {
  const initial = graph.states.find(({ id }) => id === parent)?.initial ?? null;
  if (initial === null) return [];
  const dot = quoted(`initial:${parent}`);
  return [
    `${indent}${dot} ${attributes(DOT)}`,
    `${indent}${dot} -> ${quoted(entranceOf(graph, initial))} ${attributes(headAt(graph, initial, parent))}`,
  ];
}

function stateLines(graph: MachineGraph, state: GraphState, indent: string): readonly string[] {
  const id = `node:${state.id}`;
  const name = keyOf(state.id);
  const fillcolor = COLOURS[state.id.split('.')[0] ?? ''] ?? '#ffffff';
  if (!isCompound(state)) {
    return [`${indent}${quoted(state.id)} ${attributes({ id, fillcolor, label: labelOf(graph, state, name) })}`];
  }
  const box = { id, ...CLUSTER, fillcolor: `${fillcolor}66`, label: `<<b>${escaped(name)}</b>>` };
  return [
    `${indent}subgraph ${quoted(`cluster:${state.id}`)} {`,
    `${indent}  graph ${attributes(box)}`,
    ...insideOf(graph, state.id, `${indent}  `),
    `${indent}}`,
  ];
}

/** What holds in all of a box, drawn as a note inside it. */
function wholeLine(graph: MachineGraph, state: GraphState): string {
  const id = `whole:${state.id}`;
  const name = state.id === '' ? 'in every state' : `anywhere in ${keyOf(state.id)}`;
  return `${quoted(id)} ${attributes({ id, ...NOTE, label: labelOf(graph, state, name) })}`;
}

const saysSomething = ({ edges }: MachineGraph, { id, entry, exit }: GraphState): boolean =>
  entry.length + exit.length > 0 || edges.some(({ source }) => source === id);

function labelOf({ edges }: MachineGraph, { id, entry, exit }: GraphState, name: string): string {
  const staying = edges.filter(({ source, targets }) => source === id && targets.length === 0);
  const lines = [
    ...deeds('entry', entry),
    ...deeds('exit', exit),
    ...staying.flatMap((edge) => deeds(edgeWords(edge), edge.actions)),
  ];
  const small = lines.map((line) => `<font point-size="8" color="#4b5563">${escaped(line)}</font><br align="left"/>`);
  return `<<b>${escaped(name)}</b>${small.length > 0 ? `<br/>${small.join('')}` : ''}>`;
}

/** `entry / a, b`, broken where it would make the box too wide. */
function deeds(when: string, actions: readonly GraphAction[]): readonly string[] {
  if (actions.length === 0) return when === 'entry' || when === 'exit' ? [] : [`${when} / nothing`];
  const lines = [`${when} /`];
  for (const words of actions.map(actionWords)) {
    const line = lines.at(-1) ?? '';
    if (line.length + words.length > COLUMNS_MAX) lines.push(`    ${words}`);
    else lines[lines.length - 1] = `${line} ${words}`;
  }
  return lines;
}

function arrowLine(graph: MachineGraph, { source, target, edges }: Arrow): string {
  const from = graph.states.some((state) => state.id === source && isCompound(state)) ? `whole:${source}` : source;
  const fields = {
    label: `<${edges.map((edge) => `${escaped(edgeWords(edge))}<br align="left"/>`).join('')}>`,
    edgetooltip: edges.map(tooltipOf).join('\n'),
    ...headAt(graph, target, source),
  };
  return `${quoted(from)} -> ${quoted(entranceOf(graph, target))} ${attributes(fields)}`;
}

const tooltipOf = (edge: GraphEdge): string =>
  `${edgeWords(edge)} / ${edge.actions.map(actionWords).join(', ') || '–'}`;

/** Graphviz draws between leaves; the arrow is cut off at the border of the box, unless it starts inside of it. */
function headAt(graph: MachineGraph, id: string, other: string): Attributes {
  const isBox = graph.states.some((state) => state.id === id && isCompound(state));
  return isBox && !isInside(other, id) ? { lhead: `cluster:${id}` } : {};
}

/** The leaf that is entered when a state is. */
function entranceOf(graph: MachineGraph, id: string): string {
  const initial = graph.states.find((state) => state.id === id)?.initial ?? null;
  return initial === null ? id : entranceOf(graph, initial);
}

const isCompound = ({ type }: GraphState): boolean => type === 'compound' || type === 'parallel';

/** Text in angle brackets is Graphviz' own markup, and stays as it is. */
function attributes(fields: Attributes): string {
  const words = Object.entries(fields).map(([name, value]) => {
    const isMarkup = typeof value === 'string' && value.startsWith('<') && value.endsWith('>');
    return `${name}=${isMarkup ? value : quoted(String(value))}`;
  });
  return `[${words.join(', ')}]`;
}

const quoted = (words: string): string => `"${words.replaceAll('"', '\\"').replaceAll('\n', '&#10;')}"`;

const escaped = (words: string): string =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
