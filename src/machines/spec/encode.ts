import * as Schema from 'effect/Schema';
import type { ProjectInput, ProjectSpec } from './project.ts';
import { Job, Server, Watcher, type WrittenUnitSpec } from './unit.ts';

/**
 * A project as a file could write it, every default spelled out. Decoding it gives the same project again.
 *
 * ```ts
 * encodeProject(decodeProject({ units: { api: { command: 'node api.js' } } })).units['api']?.kind // => 'server'
 * ```
 */
export function encodeProject({ name, units, groups, queues }: ProjectSpec): ProjectInput {
  return { name, groups, queues, units: Object.fromEntries(units.map((unit) => [unit.id, encodeUnit(unit)])) };
}

function encodeUnit({ id: _, ...unit }: WrittenUnitSpec): ProjectInput['units'][string] {
  if (unit.kind === 'watcher') return Schema.encodeSync(Watcher)(unit);
  if (unit.kind === 'server') return withoutLogs(Schema.encodeSync(Server)(unit));
  const { restart, ...job } = unit;
  return withoutLogs(Schema.encodeSync(Job)({ ...job, retry: restart }));
}

/** They have no driver yet: written out they would be refused, even as the defaults that they are. */
function withoutLogs<Input extends { readonly logs?: unknown }>({ logs: _, ...rest }: Input): Omit<Input, 'logs'> {
  return rest;
}
