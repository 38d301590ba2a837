/** Writes test/machines/*.table.md: the golden table of every machine. A test says when they are stale. */
import { writeFileSync } from 'node:fs';
import { definitionHash, graphOf } from '../src/machines/definition.ts';
import { SUPERVISOR_EVENTS, UNIT_EVENTS } from '../src/machines/events.ts';
import { machines } from '../src/machines/machines.ts';
import { tableOf } from './machines/table.ts';

/** Path, from the root of the project → text. */
export function tables(): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(machines).map(([name, machine]) => [
      `test/machines/${name}.table.md`,
      tableOf({
        graph: graphOf(machine),
        definition: definitionHash(machine),
        events: name === 'supervisor' ? SUPERVISOR_EVENTS : UNIT_EVENTS,
      }),
    ]),
  );
}

if (import.meta.main) {
  for (const [path, text] of tables()) {
    writeFileSync(new URL(`../${path}`, import.meta.url), text);
    console.log(path);
  }
}
