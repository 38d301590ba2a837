/** What a function is given that is a job. */
export interface JobContext {
  /** Aborted when the job is to end: it was stopped, or took too long. The reason says which. */
  readonly signal: AbortSignal;
  /** Which attempt this is, from 1. */
  readonly attempt: number;
  /**
   * Tells that it works, and on what: a text, or a value that `status` shows as JSON. As often as you like: nothing is
   * written, and only the newest is kept.
   */
  progress(what: unknown): void;
}

/**
 * A function that is a job. What it returns, or what its promise comes to, is kept as the result; what it throws is why
 * it has failed.
 */
export type JobFunction<Value = unknown> = (context: JobContext) => Value | PromiseLike<Value>;
