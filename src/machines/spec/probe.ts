import * as Schema from 'effect/Schema';
import * as Getter from 'effect/SchemaGetter';
import { Command } from './command.ts';
import { or } from './default.ts';
import { refusal } from './fault.ts';
import { Count, HttpAddress, isPath, Message, NonBlank, Pattern, PortOrAuto, PositiveCount } from './names.ts';
import { PositiveDuration } from './quantity.ts';

const TARGETS = ['tcp', 'http', 'exec', 'log', 'file', 'message'] as const;

/**
 * The one question a probe asks; `status` and `json` belong to `http`. `tcp: auto` and an `http` that is only a path
 * mean the port of the unit itself.
 */
const written = {
  tcp: Schema.optionalKey(PortOrAuto),
  http: Schema.optionalKey(HttpAddress),
  status: Schema.optionalKey(Schema.NullOr(Count)),
  json: Schema.optionalKey(Schema.NullOr(Schema.Record(Schema.String, Schema.Unknown))),
  exec: Schema.optionalKey(Command),
  log: Schema.optionalKey(Pattern),
  file: Schema.optionalKey(NonBlank),
  message: Schema.optionalKey(Message),
};
type Written = Schema.Struct<typeof written>['Type'];

const Target = Schema.Union([
  Schema.Struct({ tcp: Schema.Union([Schema.Finite, Schema.Literal('auto')]) }),
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
export type ProbeTarget = typeof Target.Type;

const readyTiming = {
  every: Schema.Finite,
  timeout: Schema.Finite,
  within: Schema.Finite,
  atMost: Schema.optionalKey(Schema.Finite),
};
const aliveTiming = { every: Schema.Finite, timeout: Schema.Finite, failures: Schema.Finite };

/**
 * When a unit counts as ready. `{ http: "http://127.0.0.1:3000/health", within: "30s" }`
 *
 * `within` is how long it may take without getting on, and whoever prints gets on; `atMost` how long in all.
 */
export const Ready = Schema.Struct({
  ...written,
  every: PositiveDuration.pipe(or(200)),
  timeout: PositiveDuration.pipe(or(1_000)),
  within: PositiveDuration.pipe(or(30_000)),
  atMost: Schema.optionalKey(PositiveDuration),
})
  .check(Schema.makeFilter(oneTarget))
  .check(Schema.makeFilter(isLongEnough))
  .pipe(
    Schema.decodeTo(Schema.Struct({ ...readyTiming, target: Target }), {
      decode: Getter.transform(({ every, timeout, within, atMost, ...rest }) => ({
        ...{ every, timeout, within },
        ...(atMost === undefined ? {} : { atMost }),
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

function isLongEnough({ within, atMost }: { readonly within: number; readonly atMost?: number }) {
  if (atMost === undefined || atMost >= within) return undefined;
  const issue = refusal(`is shorter than within (${within} ms)`, 'within counts from the last progress, atMost in all');
  return [{ path: ['atMost'], issue }];
}

function oneTarget(probe: Written) {
  const given = TARGETS.filter((target) => probe[target] !== undefined);
  if (given.length === 0)
    return refusal('asks nothing', 'give tcp, http, exec, log, file or message, such as { tcp: 5432 }');
  if (given.length > 1) return refusal(`asks ${given.length} things: ${given.join(', ')}`, 'give one of them');
  const stray = (['status', 'json'] as const).filter((key) => probe[key] != null && probe.http === undefined);
  return stray.map((key) => ({
    path: [key],
    issue: refusal(`${key} is about an http answer, and this probe asks none`),
  }));
}

function targetOf(probe: Written): ProbeTarget {
  if (probe.tcp !== undefined) return { tcp: probe.tcp };
  if (probe.exec !== undefined) return { exec: probe.exec };
  if (probe.log !== undefined) return { log: probe.log };
  if (probe.file !== undefined) return { file: probe.file };
  if (probe.message !== undefined) return { message: probe.message };
  return { http: probe.http ?? '', status: probe.status ?? null, json: probe.json ?? null };
}

/** What is asked of a unit's own port, by probes and by `stop.ask`, where the unit has none. */
export function ownPortFaults({ ready, alive, stop }: OwnPort) {
  const issue = refusal('asks the port of the unit, which has none', 'give the unit port: auto, or a number');
  const asked: readonly (readonly [path: readonly string[], target: object | null | undefined])[] = [
    [['ready'], ready?.target],
    [['alive'], alive?.target],
    [['stop', 'ask'], stop.ask],
  ];
  return asked.flatMap(([path, target]) => {
    const key = ownPortKey(target ?? {});
    return key === null ? [] : [{ path: [...path, key], issue }];
  });
}

interface OwnPort {
  readonly ready: { readonly target: ProbeTarget } | null;
  readonly alive?: { readonly target: ProbeTarget } | null;
  readonly stop: { readonly ask: object | null };
}

function ownPortKey(target: object): string | null {
  if ('tcp' in target) return target.tcp === 'auto' ? 'tcp' : null;
  return 'http' in target && typeof target.http === 'string' && isPath(target.http) ? 'http' : null;
}
