/** Specs: what a unit is to do. One schema gives types, defaults, units and words of refusal. The door to `spec/`. */
import type { DeathPolicy, ServerSpec, UnitSpec } from './spec/unit.ts';

export type { DecodeOptions } from './spec/decode.ts';
export { assertConsistent, decodeProject, decodeUnit } from './spec/decode.ts';
export { encodeProject } from './spec/encode.ts';
export { InvalidSpec, printFault, printPath, type SpecFault, type SpecPath } from './spec/fault.ts';
export type { InProcessJobOptions, InProcessJobSpec } from './spec/in-process.ts';
export { asRegExp } from './spec/names.ts';
export type { ProbeTarget } from './spec/probe.ts';
export { type GroupStrategy, type ProjectInput, type ProjectSpec, projectJsonSchema } from './spec/project.ts';
export type { BackoffSpec, RestartSpec } from './spec/restart.ts';
export type {
  AliveSpec,
  JobInput,
  JobSpec,
  ReadySpec,
  Requirement,
  ServerInput,
  ServerSpec,
  WatcherInput,
  WatcherSpec,
} from './spec/unit.ts';
export type { DeathPolicy, UnitSpec };

export type EnvSpec = ServerSpec['env'];
export type StopSpec = ServerSpec['stop'];
export type IdleSpec = NonNullable<UnitSpec['idle']>;
export type IdleAction = IdleSpec['then'];
export type ProbeTiming = { readonly every: number; readonly timeout: number };
