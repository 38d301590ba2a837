import type { JobFunction } from '../adapters/in-process/function.ts';
import type {
  InProcessJobSpec,
  JobInput,
  JobSpec,
  ServerInput,
  ServerSpec,
  UnitSpec,
  WatcherInput,
  WatcherSpec,
} from '../machines/spec.ts';
import { decodeUnit } from '../machines/spec.ts';
import { type InProcessJob, type InProcessJobInput, withFunction } from './functions.ts';

/** What becomes of a unit when its orchestrator dies is for `openReeve` to say, where the unit does not. */
const OPEN = { defaults: { onOrchestratorDeath: null } } as const;

/**
 * A unit that should keep running.
 *
 * Defaults are filled in and durations become milliseconds; only what becomes of it when the orchestrator dies stays
 * open, where it is not said: `openReeve({ onOrchestratorDeath })` decides that.
 *
 * **Example** (A server that is ready when it answers)
 *
 * ```ts
 * const api = server({ id: 'api', command: ['node', 'api.js'], ready: { http: 'http://127.0.0.1:3000/health' } });
 * api.ready?.within // => 30_000
 * ```
 *
 * @throws {InvalidSpec} With every fault at once, each with its path.
 */
export const server = (input: ServerInput): ServerSpec => decodeUnit({ ...input, kind: 'server' }, OPEN) as ServerSpec;

/**
 * A unit that should end by itself.
 *
 * **Example** (A build that may be tried twice more)
 *
 * ```ts
 * job({ id: 'build', command: 'npm run build', timeout: '10m', retry: { max: 2 } }).timeout // => 600_000
 * ```
 *
 * With `run` it is a function of your program instead of a process. What it returns, at most 64 KB of JSON, is the
 * value of the result; what it throws is why it has failed. It dies with your program: by `onOrchestratorDeath` that
 * attempt has failed then (`fail`, the default), or the next program that opens the state directory with the function
 * runs it again (`rerun`).
 *
 * **Example** (A function)
 *
 * ```ts
 * const index = job({ id: 'index', run: async ({ attempt }) => ({ attempt }), stop: { grace: '2s' } });
 * [index.run, index.stop.grace] // => ['in-process', 2_000]
 * ```
 *
 * @throws {InvalidSpec} With every fault at once, each with its path.
 */
export function job<Value>(input: InProcessJobInput<Value>): InProcessJob<Value>;
export function job(input: JobInput): JobSpec;
export function job(input: JobInput | InProcessJobInput<unknown>): JobSpec | InProcessJob<unknown> {
  return decoded({ ...input, kind: 'job' }) as JobSpec | InProcessJob<unknown>;
}

/**
 * A unit that observes, and acts on other units.
 *
 * **Example** (Restart a server when its sources change)
 *
 * ```ts
 * watcher({ id: 'reload', files: ['src/*.ts'], then: { restart: ['api'] } }).debounce // => 100
 * ```
 *
 * @throws {InvalidSpec} With every fault at once, each with its path.
 */
export const watcher = (input: WatcherInput): WatcherSpec => decodeUnit({ ...input, kind: 'watcher' }) as WatcherSpec;

/**
 * A unit as it may be kept. What was not made by `server()`, `job()` or `watcher()`, by a program without types, is
 * decoded like any other input: nothing gets into the store that could not be read out of it again.
 *
 * @throws {InvalidSpec}
 */
export function decodedSpec(unit: UnitSpec): UnitSpec {
  const { after, restart, group } = (unit ?? {}) as Partial<UnitSpec>;
  const isDecoded = typeof after === 'object' && group !== undefined && typeof restart?.backoff?.initial === 'number';
  return isDecoded ? unit : decoded(unit);
}

/** The function stays with the spec, where only this program sees it. */
function decoded(input: object): UnitSpec {
  const spec = decodeUnit(input, OPEN);
  const run: unknown = 'run' in input ? input.run : undefined;
  return typeof run === 'function' ? withFunction(spec as InProcessJobSpec, run as JobFunction) : spec;
}
