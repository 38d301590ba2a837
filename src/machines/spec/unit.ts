import * as Schema from 'effect/Schema';
import type { UnitId, UnitKind } from '../vocabulary.ts';
import { Argv } from './command.ts';
import { or, orNull } from './default.ts';
import { refusal } from './fault.ts';
import type { InProcessJobSpec } from './in-process.ts';
import { HttpUrl, Id, NonBlank, PortOrAuto, whyNoRegExp } from './names.ts';
import { Alive, ownPortFaults, type Ready } from './probe.ts';
import { type DeathPolicy as DeathPolicySchema, Idle, processFields } from './process.ts';
import { Duration, PositiveDuration } from './quantity.ts';
import { type RestartSpec, Retry, restart } from './restart.ts';

/** What must be true of another unit before this one is launched. */
const Requirement = Schema.Union([
  Schema.Literals(['running', 'ready', 'finished', 'reaped']),
  Schema.TemplateLiteral(['log:/', Schema.String, '/']).check(
    Schema.makeFilter((text) => whyNoRegExp(text.slice('log:/'.length, -1))),
  ),
]).annotate({ expected: 'running, ready, finished, reaped or "log:/…/"' });

/** What all units have in common. */
export const commonFields = {
  after: Schema.Record(Schema.String, Requirement)
    .annotate({ expected: 'a map', hint: 'write { db: ready }' })
    .pipe(or({})),
  group: orNull(Id),
  idle: orNull(Idle),
};

/** Keeps running. */
export const Server = Schema.Struct({
  kind: Schema.Literal('server').pipe(or('server')),
  ...commonFields,
  ...processFields,
  restart: restart('failure'),
  port: orNull(PortOrAuto),
  alive: orNull(Alive),
}).check(Schema.makeFilter((server) => (server.port === null ? ownPortFaults(server) : undefined)));

/** What all jobs have in common, also those that are no process. */
export const jobFields = {
  retry: Retry,
  timeout: orNull(PositiveDuration),
  queue: orNull(Id),
  /** In its queue: higher first, then whoever asked first. */
  priority: Schema.Finite.annotate({ expected: 'a number' }).pipe(or(0)),
  /** From the request to its place in the queue. */
  delay: Duration.pipe(or(0)),
  notify: Schema.optionalKey(Schema.Struct({ http: HttpUrl })),
};

/** Ends by itself. */
export const Job = Schema.Struct({
  kind: Schema.Literal('job'),
  ...commonFields,
  ...processFields,
  ...jobFields,
}).check(Schema.makeFilter(ownPortFaults));

const Ids = Schema.Array(Schema.String)
  .annotate({ expected: 'a list of units', hint: 'write a list such as [api]' })
  .pipe(or([]));

const Then = Schema.Struct({ start: Ids, stop: Ids, restart: Ids, run: Ids }).check(
  Schema.makeFilter((then) =>
    Object.values(then).every((ids) => ids.length === 0)
      ? refusal('does nothing', 'say what follows, such as { restart: [api] }')
      : undefined,
  ),
);

const Poll = Schema.Struct({
  http: Schema.optionalKey(HttpUrl),
  exec: Schema.optionalKey(Argv),
  every: PositiveDuration.pipe(or(1_000)),
});

/** Observes, and acts on other units. */
export const Watcher = Schema.Struct({
  kind: Schema.Literal('watcher'),
  ...commonFields,
  restart: restart('always'),
  cwd: NonBlank.pipe(or('.')),
  files: Schema.Array(NonBlank)
    .annotate({ expected: 'a list of patterns', hint: 'write a list such as ["src/**/*.ts"]' })
    .pipe(or([])),
  schedule: Schema.optionalKey(NonBlank),
  poll: Schema.optionalKey(Poll),
  overlap: Schema.optionalKey(Schema.Literals(['skip', 'queue', 'allow'])),
  missed: Schema.optionalKey(Schema.Literals(['skip', 'run-once'])),
  debounce: Duration.pipe(or(100)),
  then: Then,
}).check(
  Schema.makeFilter(({ files, schedule, poll }) => {
    const given = [files.length > 0, schedule !== undefined, poll !== undefined].filter(Boolean).length;
    if (given === 1) return undefined;
    return refusal(
      given === 0 ? 'watches nothing' : 'watches more than one thing',
      'give files, such as ["src/**/*.ts"]',
    );
  }),
);

/** One unit as a project file writes it. Jobs and watchers name their kind, so a unit without one is a server. */
export const Unit = Schema.Union([Job, Watcher, Server]);

export const SCHEMA_OF_KIND = { server: Server, job: Job, watcher: Watcher } as const satisfies Record<
  UnitKind,
  unknown
>;

export type DeathPolicy = typeof DeathPolicySchema.Type;
export type Requirement = typeof Requirement.Type;
export type ReadySpec = typeof Ready.Type;
export type AliveSpec = typeof Alive.Type;
export type ServerSpec = Identified & typeof Server.Type;
export type JobSpec = Identified & Omit<typeof Job.Type, 'retry'> & { readonly restart: RestartSpec };
export type WatcherSpec = Identified & typeof Watcher.Type;
/** What a file can say: no function of a program. */
export type WrittenUnitSpec = ServerSpec | JobSpec | WatcherSpec;
export type UnitSpec = WrittenUnitSpec | InProcessJobSpec;

/** A server as a program writes it: `server({ id: 'api', command: ['node', 'api.js'] })`. */
export type ServerInput = Identified & typeof Server.Encoded;
export type JobInput = Identified & Omit<typeof Job.Encoded, 'kind'> & { readonly kind?: 'job' };
export type WatcherInput = Identified & Omit<typeof Watcher.Encoded, 'kind'> & { readonly kind?: 'watcher' };

type Identified = { readonly id: UnitId };
