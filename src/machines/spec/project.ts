import * as Schema from 'effect/Schema';
import { or } from './default.ts';
import { NonBlank, PositiveCount } from './names.ts';
import { Unit, type WrittenUnitSpec } from './unit.ts';

const Strategy = Schema.Literals(['one-for-one', 'rest-for-one', 'one-for-all']);
const Group = Schema.Struct({ strategy: Strategy.pipe(or('one-for-one')) });
/** How many of its jobs run at the same time. */
const Queue = Schema.Struct({ concurrency: PositiveCount });

const fields = {
  name: Schema.optionalKey(NonBlank),
  groups: Schema.Record(Schema.String, Group).pipe(or({})),
  queues: Schema.Record(Schema.String, Queue).pipe(or({})),
};

/** A whole project file. Its JSON Schema and its types come from here. */
export const Project = Schema.Struct({ ...fields, units: Schema.Record(Schema.String, Unit) });

/** The project around its units, which are decoded one by one, each by the schema of its own kind. */
export const Frame = Schema.Struct({ ...fields, units: Schema.Record(Schema.String, Schema.Unknown) });

export type GroupStrategy = typeof Strategy.Type;
export type ProjectInput = typeof Project.Encoded;
export interface ProjectSpec extends Omit<typeof Project.Type, 'name' | 'units'> {
  readonly name: string;
  readonly units: readonly WrittenUnitSpec[];
}

/**
 * The JSON Schema (draft 2020-12) of a project file, for editors.
 *
 * Looser than the decoder, which has the last word: references between units, for one, are beyond it.
 */
export function projectJsonSchema(): Readonly<Record<string, unknown>> {
  const { schema, definitions } = Schema.toJsonSchemaDocument(Project, { onExcessProperty: 'error' });
  const defs = Object.keys(definitions).length === 0 ? {} : { $defs: definitions };
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', ...schema, ...defs };
}
