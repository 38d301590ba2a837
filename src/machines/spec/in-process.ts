import * as Schema from 'effect/Schema';
import type { UnitId } from '../vocabulary.ts';
import { or } from './default.ts';
import type { SpecFault, SpecPath } from './fault.ts';
import { Duration } from './quantity.ts';
import type { RestartSpec } from './restart.ts';
import { commonFields, Job, jobFields } from './unit.ts';

/**
 * A job that is a function of the program which holds us. Of the function itself nothing is kept: only a program can
 * give one, and no file can name it.
 */
export const InProcessJob = Schema.Struct({
  kind: Schema.Literal('job'),
  run: Schema.Literal('in-process'),
  ...commonFields,
  ...jobFields,
  stop: Schema.Struct({ grace: Duration.pipe(or(5_000)) }).pipe(or({ grace: 5_000 })),
  /** It dies with its program. `fail`: that attempt has failed. `rerun`: it is run again, also without `retry`. */
  onOrchestratorDeath: Schema.Literals(['fail', 'rerun'])
    .annotate({ expected: 'fail or rerun', hint: 'a function cannot outlive its program' })
    .pipe(or('fail')),
});

export type InProcessJobSpec = { readonly id: UnitId } & Omit<typeof InProcessJob.Type, 'retry'> & {
    readonly restart: RestartSpec;
  };

/** Without its function, which a program gives as `run`. */
export type InProcessJobOptions = { readonly id: UnitId } & Omit<typeof InProcessJob.Encoded, 'kind' | 'run'> & {
    readonly kind?: 'job';
  };

/** Whether a spec, or what is about to become one, says that a function is the job. */
export const saysRun = (kind: string, body: unknown): body is { readonly run: unknown } =>
  kind === 'job' && typeof body === 'object' && body !== null && Object.hasOwn(body, 'run');

/** A file holds no function, and what is no function cannot be called. */
export function noFunction(run: unknown, path: SpecPath): SpecFault {
  const message = typeof run === 'function' ? 'a function cannot be written in a project file' : 'is not a function';
  const hint = 'give the job a command; job({ id, run }) is for programs that hold the library';
  return { code: 'InvalidSpec', path: [...path, 'run'], message, hint };
}

/** An option of jobs that are processes is no spelling mistake. */
export function ofProcesses(fault: SpecFault, path: SpecPath): SpecFault {
  const [key, ...deeper] = fault.path.slice(path.length);
  const isTheirs =
    typeof key === 'string' && Object.hasOwn(Job.fields, key) && !Object.hasOwn(InProcessJob.fields, key);
  if (!isTheirs || deeper.length > 0) return fault;
  const message = `a job that is a function has no "${key}"`;
  return { code: 'InvalidSpec', path: fault.path, message, hint: 'leave it out' };
}
