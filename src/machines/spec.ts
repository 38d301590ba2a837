import type { UnitId } from './vocabulary.ts';

/** Decoded specs: every default filled in, durations in milliseconds, sizes in bytes. Scaffold; the schema replaces it. */
export interface EnvSpec {
  readonly inherit: 'safe' | 'all' | 'none' | readonly string[];
  readonly set: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, { readonly env: string } | { readonly file: string }>>;
}
export interface ProbeTiming {
  readonly every: number;
  readonly timeout: number;
}
export type ProbeTarget =
  | { readonly tcp: number }
  | { readonly http: string; readonly status: number | null; readonly json: Readonly<Record<string, unknown>> | null };
export type ReadySpec = ProbeTiming & { readonly within: number; readonly target: ProbeTarget };
export type AliveSpec = ProbeTiming & { readonly failures: number; readonly target: ProbeTarget };
export interface StopSpec {
  readonly ask: null | { readonly exec: readonly string[] } | { readonly http: string } | { readonly message: string };
  readonly signal: string;
  readonly grace: number;
}
export interface BackoffSpec {
  readonly initial: number;
  readonly factor: number;
  readonly max: number;
}
export interface RestartSpec {
  readonly when: 'always' | 'failure' | 'never' | readonly number[];
  readonly backoff: BackoffSpec;
  readonly max: number;
  readonly within: number;
  readonly stableAfter: number;
}
export type IdleAction = 'report' | 'stop' | 'restart';
export interface IdleSpec {
  readonly after: number;
  readonly then: IdleAction;
  readonly activity: readonly ('output' | 'cpu' | 'heartbeat' | 'driver')[];
}
/** What must be true of another unit before this one is launched. */
export type Requirement = 'running' | 'ready' | 'finished' | 'reaped' | `log:/${string}/`;
export type DeathPolicy = 'adopt' | 'stop' | { readonly lease: number };

interface CommonSpec {
  readonly id: UnitId;
  readonly after: Readonly<Record<UnitId, Requirement>>;
  readonly group: string | null;
  readonly restart: RestartSpec;
  readonly idle: IdleSpec | null;
}
interface ProcessSpec extends CommonSpec {
  readonly command: string | readonly string[];
  readonly cwd: string;
  readonly env: EnvSpec;
  readonly ready: ReadySpec | null;
  readonly stop: StopSpec;
  readonly keepDescendants: boolean;
  readonly onOrchestratorDeath: DeathPolicy;
  readonly logs: { readonly maxBytes: number; readonly keep: number; readonly split: boolean };
}
export interface ServerSpec extends ProcessSpec {
  readonly kind: 'server';
  readonly port: number | 'auto' | null;
  readonly alive: AliveSpec | null;
}
export interface JobSpec extends ProcessSpec {
  readonly kind: 'job';
  readonly timeout: number | null;
  readonly queue: string | null;
}
export interface WatcherSpec extends CommonSpec {
  readonly kind: 'watcher';
  readonly cwd: string;
  readonly files: readonly string[];
  readonly debounce: number;
  readonly then: {
    readonly start: readonly UnitId[];
    readonly stop: readonly UnitId[];
    readonly restart: readonly UnitId[];
    readonly run: readonly UnitId[];
  };
}
export type UnitSpec = ServerSpec | JobSpec | WatcherSpec;

export type GroupStrategy = 'one-for-one' | 'rest-for-one' | 'one-for-all';
export interface ProjectSpec {
  readonly name: string;
  readonly units: readonly UnitSpec[];
  readonly groups: Readonly<Record<string, { readonly strategy: GroupStrategy }>>;
}
