import * as Result from 'effect/Result';
import * as Schema from 'effect/Schema';
import type { UnitKind } from '../vocabulary.ts';
import { InvalidSpec, type SpecFault, type SpecPath, show } from './fault.ts';
import { InProcessJob, noFunction, ofProcesses, saysRun } from './in-process.ts';
import { ID, Id } from './names.ts';
import { nearest } from './nearest.ts';
import { notYetInUnit } from './not-yet.ts';
import { Frame, type ProjectSpec } from './project.ts';
import { cycleFaults, isMap, referenceFaults, unusedFaults } from './references.ts';
import { type DeathPolicy, SCHEMA_OF_KIND, type UnitSpec } from './unit.ts';
import { faultsOf } from './words.ts';

export interface DecodeOptions {
  /** For what the input leaves open and depends on who asks. */
  readonly defaults?: {
    /** `null`: it stays open, for whoever starts the unit to decide. @default 'adopt' */
    readonly onOrchestratorDeath?: DeathPolicy | null;
    /** The name of a project that has none. @default 'project' */
    readonly name?: string;
  };
}

/**
 * A project file, decoded: defaults filled in, durations in milliseconds, sizes in bytes.
 *
 * ```ts
 * decodeProject({ units: { api: { command: 'node api.js' } } }).units[0]?.restart.when // => 'failure'
 * ```
 *
 * @throws {InvalidSpec} With every fault at once, each with its path.
 */
export function decodeProject(input: unknown, options: DecodeOptions = {}): ProjectSpec {
  const written = withoutUndefined(input);
  const frame = run(Frame, written, []);
  const units = new Map(Object.entries(isMap(written) && isMap(written.units) ? written.units : {}));
  const pathOf = (id: string): SpecPath => ['units', id];
  const decoded = [...units].map(([id, unit]) => decodeBody(id, unit, pathOf(id), options));
  const faults = [
    ...frame.faults,
    ...[...units].flatMap(([id, unit], index) => [
      ...(decoded[index]?.faults ?? []),
      ...referenceFaults(id, unit, units, pathOf(id)),
    ]),
    ...cycleFaults(units, pathOf),
    ...unusedFaults('group', units, isMap(written) ? written.groups : undefined),
    ...unusedFaults('queue', units, isMap(written) ? written.queues : undefined),
  ];
  const given = frame.value?.name ?? options.defaults?.name;
  if (faults.length > 0 || frame.value === null) {
    throw new InvalidSpec({ subject: given === undefined ? 'the project' : `project "${given}"`, faults });
  }
  const { groups, queues } = frame.value;
  return {
    name: given ?? 'project',
    groups,
    queues,
    units: decoded.flatMap(({ value }) => (value && 'run' in value ? [] : (value ?? []))),
  };
}

/**
 * One unit, with its `id` inside.
 *
 * ```ts
 * decodeUnit({ id: 'build', kind: 'job', command: 'npm run build', timeout: '10m' }).id // => 'build'
 * ```
 *
 * @throws {InvalidSpec} With every fault at once, each with its path from the unit.
 */
export function decodeUnit(input: unknown, options: DecodeOptions = {}): UnitSpec {
  const written = withoutUndefined(input);
  const { id, ...body } = isMap(written) ? written : { id: undefined };
  const key = typeof id === 'string' ? id : '';
  const found =
    typeof id === 'string' ? [] : [invalid(['id'], 'must be a text', 'give the unit a name, such as id: "api"')];
  const { value, faults } = decodeBody(typeof id === 'string' ? id : null, isMap(written) ? body : written, [], {
    ...options,
    isWrittenByProgram: true,
  });
  const all = [...(isMap(written) ? found : []), ...faults, ...selfFaults(key, body)];
  if (all.length > 0 || value === null) {
    throw new InvalidSpec({ subject: key === '' ? 'a unit' : `unit "${key}"`, faults: all });
  }
  return value;
}

interface Decoded<Value> {
  readonly value: Value | null;
  readonly faults: readonly SpecFault[];
}

interface BodyOptions extends DecodeOptions {
  /** It may hold a function. */
  readonly isWrittenByProgram?: boolean;
}

/** `id: null`: it has none, which was said already. */
function decodeBody(id: string | null, body: unknown, path: SpecPath, options: BodyOptions): Decoded<UnitSpec> {
  const idFaults = id === null || ID.test(id) ? [] : run(Id, id, path.length === 0 ? ['id'] : path).faults;
  const { kind, noKind } = meantKind(body, path);
  const { value, faults } = saysRun(kind, body)
    ? runFunction(body, path, options)
    : runKind(kind, noKind ? { ...(body as object), kind } : body, path);
  const notYet = notYetInUnit(kind, body, path);
  const all = [...idFaults, ...(noKind ?? []), ...faults.map((fault) => otherKind(fault, kind, path)), ...notYet];
  if (id === null || value === null || all.length > 0) return { value: null, faults: all };
  return { value: complete(id, value, options), faults: [] };
}

function runFunction(body: { readonly run: unknown }, path: SpecPath, options: BodyOptions): Decoded<InProcessBody> {
  const { value, faults } = run(InProcessJob, { ...body, run: 'in-process' }, path);
  const isCallable = options.isWrittenByProgram && typeof body.run === 'function';
  const none = isCallable ? [] : [noFunction(body.run, path)];
  return { value, faults: [...none, ...faults.map((fault) => ofProcesses(fault, path))] };
}

type InProcessBody = typeof InProcessJob.Type;
type Body = { [Kind in UnitKind]: (typeof SCHEMA_OF_KIND)[Kind]['Type'] }[UnitKind];

function runKind(kind: UnitKind, body: unknown, path: SpecPath): Decoded<Body> {
  if (kind === 'server') return run(SCHEMA_OF_KIND.server, body, path);
  return kind === 'job' ? run(SCHEMA_OF_KIND.job, body, path) : run(SCHEMA_OF_KIND.watcher, body, path);
}

function complete(id: string, body: Body | InProcessBody, options: DecodeOptions): UnitSpec {
  if (body.kind === 'watcher') return { id, ...body };
  if ('run' in body) {
    const { retry, ...job } = body;
    return { id, ...job, restart: retry };
  }
  const { onOrchestratorDeath: otherwise = 'adopt' } = options.defaults ?? {};
  const policy = body.onOrchestratorDeath ?? otherwise;
  const decided = policy === null ? {} : { onOrchestratorDeath: policy };
  // Probe targets without a driver were refused as NotYet before we came here; the types of specs know only the others.
  if (body.kind === 'server') return { id, ...body, ...decided } as UnitSpec;
  const { retry, ...job } = body;
  return { id, ...job, restart: retry, ...decided } as UnitSpec;
}

function run<S extends Schema.ConstraintDecoder<unknown>>(
  schema: S,
  input: unknown,
  path: SpecPath,
): Decoded<S['Type']> {
  const result = Schema.decodeUnknownResult(schema)(input, { errors: 'all', onExcessProperty: 'error' });
  if (Result.isSuccess(result)) return { value: result.success, faults: [] };
  return { value: null, faults: faultsOf(result.failure.issue, input, path) };
}

const isKind = (kind: unknown): kind is UnitKind => typeof kind === 'string' && Object.hasOwn(SCHEMA_OF_KIND, kind);

/** A unit without a kind is a server. One of a wrong kind is read as what it was meant to be, for its other faults. */
function meantKind(body: unknown, path: SpecPath): { readonly kind: UnitKind; readonly noKind?: readonly SpecFault[] } {
  if (!isMap(body) || !Object.hasOwn(body, 'kind')) return { kind: 'server' };
  const { kind } = body;
  if (isKind(kind)) return { kind };
  const kinds = Object.keys(SCHEMA_OF_KIND).filter(isKind);
  const near = typeof kind === 'string' ? nearest(kind, kinds) : null;
  const said = kind === null ? 'is empty, and should be' : `${show(kind)} is not`;
  const meant = near === null ? undefined : `did you mean "${near}"?`;
  const noKind = [invalid([...path, 'kind'], `${said} server, job or watcher`, meant)];
  if (near !== null && isKind(near)) return { kind: near, noKind };
  const strangeTo = (one: UnitKind): number =>
    Object.keys(body).filter((key) => !Object.hasOwn(SCHEMA_OF_KIND[one].fields, key)).length;
  return { kind: kinds.reduce((best, one) => (strangeTo(one) < strangeTo(best) ? one : best)), noKind };
}

/** An option that this kind of unit does not have, but another has, is no spelling mistake. */
function otherKind(fault: SpecFault, kind: UnitKind, path: SpecPath): SpecFault {
  const [key, ...deeper] = fault.path.slice(path.length);
  if (typeof key !== 'string' || deeper.length > 0 || Object.hasOwn(SCHEMA_OF_KIND[kind].fields, key)) return fault;
  const owners = Object.entries(SCHEMA_OF_KIND).filter(([, schema]) => Object.hasOwn(schema.fields, key));
  if (owners.length === 0) return fault;
  const hint = kind === 'job' && key === 'restart' ? 'a job has retry, such as { max: 2 }' : undefined;
  return invalid(
    fault.path,
    `a ${kind} has no "${key}"`,
    hint ?? `a ${owners.map(([owner]) => owner).join(' or a ')} has`,
  );
}

/**
 * Whether units fit together: every unit they name is there, no id is there twice, nobody waits in a circle.
 *
 * For units that were decoded one by one. `decodeProject` has looked already.
 *
 * @throws {InvalidSpec} With every fault at once; paths begin with the id of the unit.
 */
export function assertConsistent(units: readonly UnitSpec[]): void {
  const byId = new Map<string, UnitSpec>(units.map((unit) => [unit.id, unit]));
  const twice = units.filter((unit) => byId.get(unit.id) !== unit);
  const faults = [
    ...twice.map(({ id }) => invalid([id], `there are two units "${id}"`, 'give one of them another id')),
    ...[...byId].flatMap(([id, unit]) => referenceFaults(id, unit, byId, [id])),
    ...cycleFaults(byId, (id) => [id]),
  ];
  if (faults.length > 0) throw new InvalidSpec({ subject: 'these units', faults });
}

const selfFaults = (id: string, body: unknown): readonly SpecFault[] => cycleFaults(new Map([[id, body]]), () => []);

const invalid = (path: SpecPath, message: string, hint?: string): SpecFault => ({
  code: 'InvalidSpec',
  path,
  message,
  ...(hint === undefined ? {} : { hint }),
});

/** Deeper than any project. What a program makes may contain itself. */
const DEPTH_MAX = 64;

/** A program may write `{ ready: undefined }` and mean nothing by it. */
function withoutUndefined(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEPTH_MAX) throw new InvalidSpec({ subject: 'what was given', faults: [invalid([], TOO_DEEP)] });
  if (Array.isArray(value)) return value.map((inner) => withoutUndefined(inner, depth + 1));
  const given = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(given.map(([key, inner]) => [key, withoutUndefined(inner, depth + 1)]));
}

const TOO_DEEP = 'is nested too deeply, or contains itself';
