import * as Schema from 'effect/Schema';
import { Argv, Command } from './command.ts';
import { or, orNull } from './default.ts';
import { refusal } from './fault.ts';
import { EnvName, envRecord, HttpAddress, NonBlank, StopSignal, whyNul } from './names.ts';
import { Ready } from './probe.ts';
import { Duration, Percent, PositiveDuration, Size } from './quantity.ts';

const EnvValue = Schema.String.annotate({ expected: 'a text', hint: 'put the value in quotes' }).check(
  Schema.makeFilter(whyNul),
);

const SecretSource = { env: Schema.optionalKey(EnvName), file: Schema.optionalKey(NonBlank) };
const Secret = Schema.Struct(SecretSource).pipe(
  Schema.refine((secret): secret is { readonly env: string } | { readonly file: string } => hasOne(secret), {
    message: 'must say where the secret comes from',
    hint: 'give either { env: NAME } or { file: path }',
  }),
);

/**
 * The child's environment: a fresh object. `safe` leaves out what changes how programs load code.
 *
 * Of `secrets` only the source is ever kept, and of `file` the path: the values are read at every launch, and go to the
 * child alone.
 */
const Env = Schema.Struct({
  inherit: Schema.Union([Schema.Literals(['safe', 'all', 'none']), Schema.Array(EnvName)])
    .annotate({ expected: 'safe, all, none or a list of names' })
    .pipe(or('safe')),
  /** One file of lines NAME=value, or several, of which a later one counts more. From `cwd`. */
  file: Schema.optionalKey(
    Schema.Union([NonBlank, Schema.Array(NonBlank)]).annotate({ expected: 'a file or a list of files' }),
  ),
  /** Taken away from what is inherited and from files. */
  unset: Schema.optionalKey(Schema.Array(EnvName).annotate({ expected: 'a list of names', hint: 'write [NAME]' })),
  set: envRecord(EnvValue).pipe(or({})),
  secrets: envRecord(Secret).pipe(or({})),
}).check(
  Schema.makeFilter(({ unset = [], set, secrets }) => [
    ...Object.keys(secrets)
      .filter((name) => Object.hasOwn(set, name))
      .map((name) => ({ path: ['secrets', name], issue: inBoth('set') })),
    ...unset.flatMap((name, index) => {
      const also = [Object.hasOwn(set, name) && 'set', Object.hasOwn(secrets, name) && 'secrets'].find(Boolean);
      return also ? [{ path: ['unset', index], issue: inBoth(also) }] : [];
    }),
  ]),
);

function inBoth(also: string) {
  return refusal(`is in env.${also} too`, 'leave one of the two out');
}

const Question = {
  exec: Schema.optionalKey(Argv),
  http: Schema.optionalKey(HttpAddress),
  message: Schema.optionalKey(NonBlank),
};
type Asked = { readonly exec: readonly string[] } | { readonly http: string } | { readonly message: string };
const Ask = Schema.Struct(Question).pipe(
  Schema.refine((ask): ask is Asked => hasOne(ask), { message: 'must be one of exec, http and message' }),
);

/** How a run is ended: asked, then signalled, and killed when `grace` is over. */
const Stop = Schema.Struct({
  ask: orNull(Ask),
  signal: StopSignal.pipe(or('SIGTERM')),
  grace: Duration.pipe(or(5_000)),
});

/** `{ lease: d }`: live on, and die if nobody re-adopts in time. */
export const DeathPolicy = Schema.Union([
  Schema.Literals(['adopt', 'stop']),
  Schema.Struct({ lease: PositiveDuration }),
]).annotate({ expected: 'adopt, stop or { lease: 30s }' });

/** The limit of a file of output, and how many files are kept. */
const Logs = Schema.Struct({
  maxBytes: Size.pipe(or(50 * 1024 ** 2)),
  keep: Schema.Finite.check(
    Schema.makeFilter((keep) =>
      Number.isInteger(keep) && keep >= 1 ? undefined : refusal(`${keep} is not a number of files`, 'write 1 or more'),
    ),
  ).pipe(or(3)),
  split: Schema.Boolean.pipe(or(false)),
});

const Action = Schema.Literals(['report', 'stop', 'restart']);

const Limits = Schema.Struct({
  memory: Schema.optionalKey(Size),
  cpu: Schema.optionalKey(Percent),
  for: PositiveDuration.pipe(or(30_000)),
  then: Action.pipe(or('report')),
});

/** Nothing happened for `after`, and nothing alive works. */
export const Idle = Schema.Struct({
  after: PositiveDuration,
  then: Action.pipe(or('report')),
  activity: Schema.Array(Schema.Literals(['output', 'cpu', 'heartbeat', 'driver'])).pipe(
    or(['output', 'cpu', 'heartbeat', 'driver']),
  ),
});

/** What servers and jobs have in common. */
export const processFields = {
  command: Command,
  cwd: NonBlank.pipe(or('.')),
  env: Env.pipe(or({ inherit: 'safe', set: {}, secrets: {} })),
  ready: orNull(Ready),
  stop: Stop.pipe(or({ ask: null, signal: 'SIGTERM', grace: 5_000 })),
  keepDescendants: Schema.Boolean.pipe(or(false)),
  /** Left open only by a program that did not say: `openReeve` decides then. */
  onOrchestratorDeath: Schema.optionalKey(DeathPolicy),
  logs: Logs.pipe(or({ maxBytes: 50 * 1024 ** 2, keep: 3, split: false })),
  limits: Schema.optionalKey(Limits),
};

const hasOne = (given: object): boolean => Object.keys(given).length === 1;
