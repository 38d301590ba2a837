import * as Schema from 'effect/Schema';
import * as Getter from 'effect/SchemaGetter';
import { Command } from './command.ts';
import { or } from './default.ts';
import { refusal } from './fault.ts';
import { Count, HttpUrl, NonBlank, Pattern, Port, PositiveCount } from './names.ts';
import { PositiveDuration } from './quantity.ts';

const TARGETS = ['tcp', 'http', 'exec', 'log', 'file', 'message'] as const;

/** The one question a probe asks; `status` and `json` belong to `http`. */
const written = {
  tcp: Schema.optionalKey(Port),
  http: Schema.optionalKey(HttpUrl),
  status: Schema.optionalKey(Schema.NullOr(Count)),
  json: Schema.optionalKey(Schema.NullOr(Schema.Record(Schema.String, Schema.Unknown))),
  exec: Schema.optionalKey(Command),
  log: Schema.optionalKey(Pattern),
  file: Schema.optionalKey(NonBlank),
  message: Schema.optionalKey(NonBlank),
};
type Written = Schema.Struct<typeof written>['Type'];

const Target = Schema.Union([
  Schema.Struct({ tcp: Schema.Finite }),
  Schema.Struct({
    http: Schema.String,
    status: Schema.NullOr(Schema.Finite),
    json: Schema.NullOr(Schema.Record(Schema.String, Schema.Unknown)),
  }),
  Schema.Struct({ exec: Schema.Union([Schema.String, Schema.Array(Schema.String)]) }),
  Schema.Struct({ log: Schema.String }),
  Schema.Struct({ file: Schema.String }),
  Schema.Struct({ message: Schema.String }),
]);
type AnyTarget = typeof Target.Type;

/** The targets that a driver exists for. The others are refused as `NotYet`, and so never leave the decoder. */
export type ProbeTarget = Extract<
  AnyTarget,
  { readonly tcp: unknown } | { readonly http: unknown } | { readonly exec: unknown }
>;

const readyTiming = { every: Schema.Finite, timeout: Schema.Finite, within: Schema.Finite };
const aliveTiming = { every: Schema.Finite, timeout: Schema.Finite, failures: Schema.Finite };

/** When a unit counts as ready. `{ http: "http://127.0.0.1:3000/health", within: "30s" }` */
export const Ready = Schema.Struct({
  ...written,
  every: PositiveDuration.pipe(or(200)),
  timeout: PositiveDuration.pipe(or(1_000)),
  within: PositiveDuration.pipe(or(30_000)),
})
  .check(Schema.makeFilter(oneTarget))
  .pipe(
    Schema.decodeTo(Schema.Struct({ ...readyTiming, target: Target }), {
      decode: Getter.transform(({ every, timeout, within, ...rest }) => ({
        every,
        timeout,
        within,
        target: targetOf(rest),
      })),
      encode: Getter.transform(({ target, ...timing }) => ({ ...timing, ...target })),
    }),
  );

/** When a running unit counts as unhealthy: `failures` in a row. */
export const Alive = Schema.Struct({
  ...written,
  every: PositiveDuration.pipe(or(1_000)),
  timeout: PositiveDuration.pipe(or(1_000)),
  failures: PositiveCount.pipe(or(3)),
})
  .check(Schema.makeFilter(oneTarget))
  .pipe(
    Schema.decodeTo(Schema.Struct({ ...aliveTiming, target: Target }), {
      decode: Getter.transform(({ every, timeout, failures, ...rest }) => {
        return { every, timeout, failures, target: targetOf(rest) };
      }),
      encode: Getter.transform(({ target, ...timing }) => ({ ...timing, ...target })),
    }),
  );

function oneTarget(probe: Written) {
  const given = TARGETS.filter((target) => probe[target] !== undefined);
  if (given.length === 0) return refusal('asks nothing', 'give tcp, http or exec, such as { tcp: 5432 }');
  if (given.length > 1) return refusal(`asks ${given.length} things: ${given.join(', ')}`, 'give one of them');
  const stray = (['status', 'json'] as const).filter((key) => probe[key] != null && probe.http === undefined);
  return stray.map((key) => ({
    path: [key],
    issue: refusal(`${key} is about an http answer, and this probe asks none`),
  }));
}

function targetOf(probe: Written): AnyTarget {
  if (probe.tcp !== undefined) return { tcp: probe.tcp };
  if (probe.exec !== undefined) return { exec: probe.exec };
  if (probe.log !== undefined) return { log: probe.log };
  if (probe.file !== undefined) return { file: probe.file };
  if (probe.message !== undefined) return { message: probe.message };
  return { http: probe.http ?? '', status: probe.status ?? null, json: probe.json ?? null };
}
