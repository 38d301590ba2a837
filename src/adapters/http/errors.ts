import * as Data from 'effect/Data';
import type { Problem } from '../../index.ts';

/** The address cannot be listened at. */
export class ControlUnavailable extends Data.TaggedError('ControlUnavailable')<{
  readonly path: string;
  readonly why: string;
  readonly hint: string;
}> {
  override get message(): string {
    return `Cannot listen at ${this.path}: ${this.why}.`;
  }
  get code(): string {
    return this._tag;
  }
}

/** Somebody listens and says nothing. It may be stopped, or busy beyond hope. */
export class ControlSilent extends Data.TaggedError('ControlSilent')<{
  readonly stateDir: string;
  readonly waitedMs: number;
}> {
  override get message(): string {
    return `The orchestrator of ${this.stateDir} did not answer within ${this.waitedMs / 1000} s.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return 'It may be suspended (Ctrl-Z) or overloaded. What it runs is not affected.';
  }
}

/** It was there, and went away before it had answered. */
export class OrchestratorGone extends Data.TaggedError('OrchestratorGone')<{
  readonly stateDir: string;
  readonly cause: unknown;
}> {
  override get message(): string {
    const why = this.cause instanceof Error ? this.cause.message : String(this.cause);
    return `The orchestrator of ${this.stateDir} went away before it had answered: ${why}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return '`reeve status` says what still runs; `reeve up` takes it over.';
  }
}

/** What the orchestrator said no to, in its own words. */
export class ControlRefused extends Data.TaggedError('ControlRefused')<{
  /** Of HTTP. */
  readonly status: number;
  readonly problem: Problem;
}> {
  override get message(): string {
    return this.problem.message;
  }
  get code(): string {
    return this.problem.code;
  }
  get hint(): string {
    return this.problem.hint;
  }
}

/** A request that no route can understand. */
export class BadRequest extends Data.TaggedError('BadRequest')<{
  readonly what: string;
  readonly hint: string;
  /** Of HTTP. */
  readonly status: 400 | 404 | 405 | 413;
}> {
  override get message(): string {
    return this.what;
  }
  get code(): string {
    return this._tag;
  }
}
