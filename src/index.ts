/**
 * The public API, and the only wiring of the parts.
 *
 * @packageDocumentation
 */
export type { Clock, Log, OutputQuery, OutputSlice } from './actors/ports.ts';
export { parseDuration } from './api/duration.ts';
export { BadDuration, InvalidOption, NotReached, UnitUp, UnknownUnit } from './api/errors.ts';
export { openLog } from './api/log.ts';
export { openReeve } from './api/open.ts';
export { openReadOnly, type ReadOnlyReeve } from './api/read-only.ts';
export { job, server, watcher } from './api/specs.ts';
export { resolveStateDir } from './api/state-dir.ts';
export type {
  Duration,
  JournalOptions,
  Milestone,
  OpenOptions,
  ProjectStatus,
  Reeve,
  Result,
  UnitHandle,
  UnitStatus,
  WaitOptions,
} from './api/types.ts';
export { type Fault, isFault, problemOf, Refused } from './machines/errors.ts';
export { OUTCOMES, type OutcomeKind } from './machines/outcome.ts';
export type {
  JobInput,
  ProjectInput,
  ProjectSpec,
  ServerInput,
  SpecFault,
  SpecPath,
  UnitSpec,
  WatcherInput,
} from './machines/spec.ts';
export {
  decodeProject,
  decodeUnit,
  encodeProject,
  InvalidSpec,
  printPath,
  projectJsonSchema,
} from './machines/spec.ts';
export { type Problem, STATES, type TopState, type UnitKind } from './machines/vocabulary.ts';
export { StateDirBusy } from './store/lock.ts';
export type { Entry, RunRow } from './store/rows.ts';
