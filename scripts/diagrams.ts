/** Writes diagrams/<machine>.{mmd,svg,json}. A test says when they are stale. */
import { writeFileSync } from 'node:fs';
import { instance } from '@viz-js/viz';
import { definitionHash, graphOf } from '../src/machines/definition.ts';
import { type MachineName, machines } from '../src/machines/machines.ts';
import { dotOf, readable } from './machines/dot.ts';
import { mermaidOf } from './machines/mermaid.ts';

/** What to notice in each drawing. */
const NOTICE: Record<MachineName, string> = {
  server: 'Every way out of life leads through stopping to reaped, and only policy or a person leads back.',
  job: 'A server without a pulse: nothing watches its health for ever, but a deadline counts from the launch.',
  watcher: 'What it sees is gathered until it is quiet, then acted on once.',
  supervisor: 'Three states and no memory of units: every event brings the views it is decided on.',
};

/** Path, from the root of the project → text. */
export async function diagrams(): Promise<ReadonlyMap<string, string>> {
  const viz = await instance();
  return new Map(
    Object.entries(machines).flatMap(([name, machine]) => {
      const graph = graphOf(machine);
      const notice = NOTICE[name as MachineName];
      const title = `The life of a ${name}`;
      const header = { machine: name, version: machine.version, definition: definitionHash(machine) };
      return [
        [`diagrams/${name}.mmd`, mermaidOf(graph, title, notice)],
        [`diagrams/${name}.svg`, readable(viz.renderString(dotOf(graph, title, notice), { format: 'svg' }))],
        [`diagrams/${name}.json`, jsonOf({ ...header, ...graph })],
      ] as const;
    }),
  );
}

/** One state and one transition per line: a change is a line in a review. */
function jsonOf(definition: object): string {
  const fields = Object.entries(definition).map(([key, value]) => {
    if (!Array.isArray(value)) return `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`;
    return `  ${JSON.stringify(key)}: [\n${value.map((item) => `    ${JSON.stringify(item)}`).join(',\n')}\n  ]`;
  });
  return `{\n${fields.join(',\n')}\n}\n`;
}

if (import.meta.main) {
  for (const [path, text] of await diagrams()) {
    writeFileSync(new URL(`../${path}`, import.meta.url), text);
    console.log(path);
  }
}
