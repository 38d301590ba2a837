import * as Schema from 'effect/Schema';
import * as Getter from 'effect/SchemaGetter';
import { or } from './default.ts';
import { refusal } from './fault.ts';
import { Count, ExitCode } from './names.ts';
import { Duration, PositiveDuration } from './quantity.ts';

/** The window, in milliseconds, in which the retries of a job are counted: for ever. */
export const RETRY_WITHIN_MS = Number.MAX_SAFE_INTEGER;

const DEFAULTS = {
  backoff: { initial: 200, factor: 2, max: 30_000 },
  max: 5,
  within: 60_000,
  stableAfter: 10_000,
} as const;

const Backoff = Schema.Struct({
  initial: Duration.pipe(or(DEFAULTS.backoff.initial)),
  factor: Schema.Finite.check(
    Schema.makeFilter((factor) =>
      factor >= 1 ? undefined : refusal(`${factor} would shrink the wait`, 'write 1 or more'),
    ),
  ).pipe(or(DEFAULTS.backoff.factor)),
  max: Duration.pipe(or(DEFAULTS.backoff.max)),
}).check(
  Schema.makeFilter(({ initial, max }) =>
    max >= initial
      ? undefined
      : { path: ['max'], issue: refusal(`the longest wait (${max} ms) is shorter than the first (${initial} ms)`) },
  ),
);

const WHEN = ['always', 'failure', 'never'] as const;
const ExitCodes = Schema.Array(ExitCode);
const When = Schema.Union([Schema.Literals(WHEN), ExitCodes]).annotate({
  expected: 'always, failure, never or a list of exit codes',
});

const rest = {
  backoff: Backoff.pipe(or(DEFAULTS.backoff)),
  max: Count.pipe(or(DEFAULTS.max)),
  within: PositiveDuration.pipe(or(DEFAULTS.within)),
  stableAfter: PositiveDuration.pipe(or(DEFAULTS.stableAfter)),
};

const Policy = Schema.toType(Schema.Struct({ ...rest, when: When }));

/**
 * After which ends a unit runs again, how soon, and how often.
 *
 * `restart: failure` is short for `restart: { when: failure }`. `max: 5` allows five restarts `within` the window; the
 * next death settles.
 */
export const restart = (fallback: (typeof WHEN)[number]) =>
  Schema.Union([Schema.Literals(WHEN), ExitCodes, Schema.Struct({ ...rest, when: When.pipe(or(fallback)) })])
    .annotate({ expected: 'always, failure, never, a list of exit codes or a map' })
    .pipe(
      Schema.decodeTo(Policy, {
        decode: Getter.transform((written): typeof Policy.Type => {
          return typeof written === 'object' && 'when' in written ? written : { ...DEFAULTS, when: written };
        }),
        encode: Getter.transform((policy: typeof Policy.Type) => policy),
      }),
    )
    .pipe(or({ ...DEFAULTS, when: fallback }));

/** How often a failed job is run again: never, unless `max` says so. Decoded as the job's restart policy. */
export const Retry = Schema.Struct({
  max: Count.pipe(or(0)),
  when: Schema.Union([Schema.Literal('failure'), ExitCodes])
    .annotate({ expected: 'failure or a list of exit codes' })
    .pipe(or('failure')),
  backoff: Backoff.pipe(or(DEFAULTS.backoff)),
})
  .annotate({ expected: 'a map such as { max: 2 }' })
  .pipe(
    Schema.decodeTo(Policy, {
      decode: Getter.transform(({ max, when, backoff }): typeof Policy.Type => {
        return { ...DEFAULTS, when: max > 0 ? when : 'never', max, backoff, within: RETRY_WITHIN_MS };
      }),
      encode: Getter.transform(({ max, when, backoff }: typeof Policy.Type) => {
        return { max, when: typeof when === 'string' ? ('failure' as const) : when, backoff };
      }),
    }),
  )
  .pipe(or({ ...DEFAULTS, when: 'never', max: 0, within: RETRY_WITHIN_MS }));

export type RestartSpec = typeof Policy.Type;
export type BackoffSpec = typeof Backoff.Type;
