/**
 * The public API, and the only wiring of the parts.
 *
 * @packageDocumentation
 */
export type { HealAction, HealReport } from './actors/heal.ts';
export type { Clock, Log, OutputQuery, OutputSlice } from './actors/ports.ts';
export type { JobContext, JobFunction } from './adapters/in-process/function.ts';
export { type DetachedOptions, startDetached } from './adapters/process/detached.ts';
export { type Check, diagnose } from './api/doctor.ts';
export { parseDuration } from './api/duration.ts';
export {
  BadDuration,
  InvalidOption,
  NotReached,
  StateDirUnusable,
  UnitUp,
  UnknownRun,
  UnknownUnit,
} from './api/errors.ts';
export { type Evaluated, evaluate } from './api/evaluate.ts';
export { BadExpression } from './api/expression.ts';
export { type Fork, type ForkEdit, type ForkOptions, fork, type Parting } from './api/fork.ts';
export type { InProcessJob, InProcessJobInput } from './api/functions.ts';
export { whatToHeal } from './api/heal-files.ts';
export { openLog } from './api/log.ts';
export { openReeve } from './api/open.ts';
export type { Plan, PlannedChange } from './api/plan.ts';
export { openReadOnly, type ReadOnlyReeve } from './api/read-only.ts';
export { assertReplays, ReplayDiverged, type ReplayedTrace, replayAll } from './api/regression.ts';
export {
  diff,
  type ReplayOptions,
  type ReplayStep,
  replay,
  type TraceDiff,
  type Verification,
  verify,
  type WatchedChange,
  type WhyQuestion,
  watch,
  why,
} from './api/replay.ts';
export { type SeekOptions, seek } from './api/seek.ts';
export { job, server, watcher } from './api/specs.ts';
export { makeStateDir, resolveStateDir } from './api/state-dir.ts';
export { openTrace } from './api/trace.ts';
export { type ExportFilter, exportTrace, writeTrace } from './api/trace-export.ts';
export { importTrace, type KeptTrace, keptTraces } from './api/trace-import.ts';
export type { Printed, Trace, TraceMoment, TraceRange, TraceUnit } from './api/trace-types.ts';
export type {
  Duration,
  JournalOptions,
  Milestone,
  OpenOptions,
  PlanOptions,
  ProjectStatus,
  Reeve,
  Result,
  UnitHandle,
  UnitStatus,
  WaitOptions,
} from './api/types.ts';
export { type Fault, isFault, problemOf, Refused } from './machines/errors.ts';
export { machines } from './machines/machines.ts';
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
export type { Difference } from './store/replay/differences.ts';
export { NotATrace, TraceDamaged, TraceTooNew, TraceUnreadable } from './store/replay/errors.ts';
export type { ArmedTimer, PendingCommand, UnitMoment } from './store/replay/fold.ts';
export type { TraceHeader, TraceSpec } from './store/replay/format.ts';
export type { HistoryFault } from './store/replay/history.ts';
export type { Mark } from './store/replay/marks.ts';
export { printState, sentenceOf } from './store/replay/sentences.ts';
export { traceJsonSchema } from './store/replay/trace-schema.ts';
export type { Checked, Divergence, Machine, Machines } from './store/replay/verify.ts';
export type { CauseChain, CauseKind, CauseLink } from './store/replay/why.ts';
export type { Entry, RunRow } from './store/rows.ts';
