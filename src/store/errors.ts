import * as Data from 'effect/Data';
import type { Failure } from './failure.ts';

interface Refusal {
  readonly path: string;
  readonly failure: Failure;
  readonly cause: unknown;
}

/** The store could not be opened, or not be made. */
export class StoreUnopenable extends Data.TaggedError('StoreUnopenable')<Refusal> {
  override get message(): string {
    return `Cannot open the store ${this.path}: ${this.failure.reason}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return this.failure.hint;
  }
}

/** Something could not be written. Nothing of the transaction is in the database. */
export class StoreUnwritable extends Data.TaggedError('StoreUnwritable')<Refusal> {
  override get message(): string {
    return `Cannot write to the store ${this.path}: ${this.failure.reason}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return this.failure.hint;
  }
  /** `false`: it is what was to be written that is at fault, and the same again can only fail again. */
  get mayPass(): boolean {
    return this.failure.kind !== 'bug';
  }
}

/** Something could not be read. */
export class StoreUnreadable extends Data.TaggedError('StoreUnreadable')<Refusal> {
  override get message(): string {
    return `Cannot read from the store ${this.path}: ${this.failure.reason}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return this.failure.hint;
  }
}

/** What is at the path is something else. It was not touched. */
export class NotAStore extends Data.TaggedError('NotAStore')<{ readonly path: string; readonly why: string }> {
  override get message(): string {
    return `Cannot use ${this.path} as a store: ${this.why}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return 'Nothing was changed. Move it away, or name another state directory.';
  }
}

/** Asked to read, and there is nothing. */
export class StoreMissing extends Data.TaggedError('StoreMissing')<{ readonly path: string }> {
  override get message(): string {
    return `There is no store at ${this.path}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return 'Nothing was ever started here. Check the state directory, or begin with `reeve up`.';
  }
}

interface Versions {
  readonly path: string;
  readonly version: number;
  readonly ours: number;
}

/** Schemas only move forward. */
export class SchemaTooNew extends Data.TaggedError('SchemaTooNew')<Versions> {
  override get message(): string {
    const { path, version, ours } = this;
    return `Cannot open the store ${path}: its schema is version ${version}, and this reeve knows only ${ours}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return 'A newer reeve wrote it. Update reeve, or name another state directory. Nothing was changed.';
  }
}

/** Only reading was asked for, which cannot bring a schema up to date. */
export class SchemaTooOld extends Data.TaggedError('SchemaTooOld')<Versions> {
  override get message(): string {
    const { path, version, ours } = this;
    return `Cannot read the store ${path}: its schema is version ${version}, and this reeve reads ${ours}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return 'An older reeve wrote it. Starting this one once, with `reeve up`, brings it up to date.';
  }
}
