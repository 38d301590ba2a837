import * as Data from 'effect/Data';
import type { OutcomeKind } from '../machines/outcome.ts';
import { nearest } from '../machines/spec/nearest.ts';
import type { RunId, UnitId } from '../machines/vocabulary.ts';
import type { Failure } from '../store/failure.ts';
import type { Milestone } from './types.ts';

/** There is no such unit. */
export class UnknownUnit extends Data.TaggedError('UnknownUnit')<{
  readonly unitId: UnitId;
  readonly known: readonly UnitId[];
}> {
  override get message(): string {
    return `There is no unit "${this.unitId}".`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    const some = this.known.slice(0, 10).join(', ');
    const meant = nearest(this.unitId, this.known);
    if (meant !== null) return `Did you mean "${meant}"?`;
    return this.known.length === 0
      ? 'There are none yet: add one.'
      : `There is: ${some}${this.known.length > 10 ? ', …' : ''}.`;
  }
}

/** The wait was over before the unit was there. */
export class NotReached extends Data.TaggedError('NotReached')<{
  readonly unitId: UnitId;
  readonly milestone: Milestone;
  /** How long the wait was; `null`: the unit came to rest before. */
  readonly waitedMs: number | null;
  readonly state: string;
  readonly outcome: OutcomeKind | null;
  readonly why: string;
}> {
  override get message(): string {
    const { unitId, milestone, waitedMs, state, outcome, why } = this;
    const when = waitedMs === null ? 'and will not by itself' : `within ${waitedMs} ms`;
    const now = outcome === null ? state : `${state}: ${outcome}`;
    return `"${unitId}" did not become ${milestone} ${when}: it is ${now}.${why && ` ${why}`}`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return `See what it printed: \`reeve logs ${this.unitId}\`.`;
  }
}

/** The system refused what it takes to open a state directory. */
export class OpenRefused extends Data.TaggedError('OpenRefused')<{
  readonly stateDir: string;
  readonly failure: Failure;
}> {
  override get message(): string {
    return `Cannot open ${this.stateDir}: ${this.failure.reason}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return this.failure.hint;
  }
}

/** What would not end, though it was killed again and again. It is left, and the state directory is free. */
export class StillRunning extends Data.TaggedError('StillRunning')<{
  readonly units: readonly { readonly unitId: UnitId; readonly pid: number | null }[];
}> {
  override get message(): string {
    const named = this.units.map(({ unitId, pid }) => (pid === null ? unitId : `${unitId} (pid ${pid})`));
    return `Cannot stop ${named.join(', ')}: killed again and again, and still there.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return 'It hangs in the kernel, mostly for a disk or a network. Opening the state directory again goes on with it.';
  }
}

/** A unit that is up can neither be replaced nor removed. */
export class UnitUp extends Data.TaggedError('UnitUp')<{ readonly unitId: UnitId; readonly state: string }> {
  override get message(): string {
    return `"${this.unitId}" is ${this.state}: only a unit at rest can be replaced or removed.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return `Stop it first: \`reeve stop ${this.unitId}\`.`;
  }
}

/** A duration that is none. */
export class BadDuration extends Data.TaggedError('BadDuration')<{ readonly option: string; readonly given: unknown }> {
  override get message(): string {
    return `${this.option}: ${JSON.stringify(this.given)} is no duration.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return 'Write milliseconds, or text such as "250ms", "5s", "10m" or "1h".';
  }
}

/** Something was asked for that there is not. */
export class InvalidOption extends Data.TaggedError('InvalidOption')<{
  readonly what: string;
  readonly meant: string | null;
}> {
  override get message(): string {
    return `${this.what.charAt(0).toUpperCase()}${this.what.slice(1)}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return this.meant === null ? 'See the types of the call for what there is.' : `Did you mean "${this.meant}"?`;
  }
}

/** Where the state was to be kept, nothing can be kept. */
export class StateDirUnusable extends Data.TaggedError('StateDirUnusable')<{
  readonly stateDir: string;
  readonly why: string;
}> {
  override get message(): string {
    return `Cannot keep state in ${this.stateDir}: ${this.why}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return 'Name a directory of your own, new or empty, with --state-dir or REEVE_HOME.';
  }
}

/** A unit has no run of this name. */
export class UnknownRun extends Data.TaggedError('UnknownRun')<{
  readonly unitId: UnitId;
  readonly runId: RunId;
  /** Its runs, newest first. */
  readonly known: readonly RunId[];
}> {
  override get message(): string {
    return `"${this.unitId}" has no run "${this.runId}".`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    const some = this.known.slice(0, 10).join(', ');
    return this.known.length === 0
      ? 'It has not run yet.'
      : `Its runs, newest first: ${some}${this.known.length > 10 ? ', …' : ''}.`;
  }
}
