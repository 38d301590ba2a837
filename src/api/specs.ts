import type {
  JobInput,
  JobSpec,
  ServerInput,
  ServerSpec,
  UnitSpec,
  WatcherInput,
  WatcherSpec,
} from '../machines/spec.ts';
import { decodeUnit } from '../machines/spec.ts';

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
 * @throws {InvalidSpec} With every fault at once, each with its path.
 */
export const job = (input: JobInput): JobSpec => decodeUnit({ ...input, kind: 'job' }, OPEN) as JobSpec;

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
  return isDecoded ? unit : decodeUnit(unit, OPEN);
}
