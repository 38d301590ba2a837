import { TRACE_FORMAT } from './format.ts';

const COUNT = { type: 'integer', minimum: 0 };
const TEXT = { type: 'string' };
const NUMBER = { type: 'number' };
const OBJECT = { type: 'object' };
const LIST = { type: 'array' };
const STATE = { description: 'An XState state value.', type: ['string', 'object'] };
const NAMED = { type: 'object', properties: { type: TEXT }, required: ['type'] };
const COUNT_OR_NULL = { type: ['integer', 'null'], minimum: 0 };

const line = (description: string, properties: Readonly<Record<string, object>>) => ({
  description,
  type: 'object',
  properties,
  required: Object.keys(properties),
});

const CODE = { version: NUMBER, definition: TEXT, stateHash: TEXT };

const header = line('The first line.', {
  reeve: { const: 'trace' },
  format: { ...COUNT, maximum: TRACE_FORMAT },
  eventSchema: COUNT,
  version: TEXT,
  project: TEXT,
  exportedMs: NUMBER,
  filter: line('What was asked for.', {
    units: { type: ['array', 'null'], items: TEXT },
    fromSeq: COUNT,
    throughSeq: COUNT,
  }),
  machines: {
    type: 'array',
    items: line('A definition.', { definition: TEXT, machine: TEXT, version: NUMBER, graph: OBJECT }),
  },
  specs: {
    description: 'By epoch. Values of environments are hidden.',
    type: 'object',
    additionalProperties: line('What a unit is to do.', {
      unitId: TEXT,
      kind: { enum: ['server', 'job', 'watcher'] },
      spec: OBJECT,
    }),
  },
});

const entry = line('An accepted event, with all that it led to. `unitId` is "" for the supervisor.', {
  seq: COUNT,
  unitId: TEXT,
  aseq: COUNT,
  atMs: NUMBER,
  monoMs: NUMBER,
  cause: COUNT_OR_NULL,
  event: NAMED,
  value: STATE,
  patch: OBJECT,
  commands: { type: 'array', items: NAMED },
  ...CODE,
});

const snapshot = line('The state of a unit after its entry `seq`, or of one before the first line.', {
  seq: COUNT,
  unitId: TEXT,
  snapshot: line('What was true.', {
    aseq: COUNT,
    atMs: NUMBER,
    monoMs: NUMBER,
    value: STATE,
    context: OBJECT,
    timers: LIST,
    pending: LIST,
    ...CODE,
  }),
});

const output = line('What a run had printed when the trace was written.', {
  seq: COUNT,
  unitId: TEXT,
  output: line('The end of it.', {
    runId: TEXT,
    text: TEXT,
    sizeBytes: COUNT,
    truncated: { type: 'boolean' },
    endedMs: { type: ['number', 'null'] },
  }),
});

const footer = line('The last line.', {
  end: line('Of all that comes before it.', {
    entries: COUNT,
    snapshots: COUNT,
    outputs: COUNT,
    sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' },
  }),
});

/**
 * The JSON Schema (2020-12) of a line of a trace. A file is a header, any number of the lines between, in the order of
 * their `seq`, and a footer.
 *
 * ```ts
 * traceJsonSchema().$defs.entry.required.slice(0, 3) // => ['seq', 'unitId', 'aseq']
 * ```
 */
export const traceJsonSchema = () => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: `A line of a reeve trace, format ${TRACE_FORMAT}`,
  oneOf: ['header', 'entry', 'snapshot', 'output', 'footer'].map((name) => ({ $ref: `#/$defs/${name}` })),
  $defs: { header, entry, snapshot, output, footer },
});
