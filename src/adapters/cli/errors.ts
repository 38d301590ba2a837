import * as Data from 'effect/Data';
import { similar } from './similar.ts';

/** A command line that means nothing. */
export class BadUsage extends Data.TaggedError('BadUsage')<{ readonly what: string; readonly hint: string }> {
  override get message(): string {
    return this.what;
  }
  get code(): string {
    return this._tag;
  }
}

/** No unit has this id, or one that begins like this. */
export class UnknownRef extends Data.TaggedError('UnknownRef')<{
  readonly ref: string;
  readonly known: readonly string[];
}> {
  override get message(): string {
    return `There is no unit "${this.ref}".`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    const near = similar(this.ref, this.known);
    if (near !== null) return `Did you mean "${near}"?`;
    if (this.known.length === 0) return 'There are no units yet.';
    return `There is: ${this.known.slice(0, 10).join(', ')}${this.known.length > 10 ? ', …' : ''}.`;
  }
}

const MATCHES_SHOWN = 5;

/** More than one unit begins like this. */
export class AmbiguousRef extends Data.TaggedError('AmbiguousRef')<{
  readonly ref: string;
  readonly matches: readonly string[];
}> {
  override get message(): string {
    const more = this.matches.length - MATCHES_SHOWN;
    const shown = this.matches.slice(0, MATCHES_SHOWN).join(' or ');
    return `"${this.ref}" could be ${shown}${more > 0 ? `, or ${more} more` : ''}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return 'Write more of the name.';
  }
}

/** What was asked needs a live orchestrator, and there is none. */
export class NobodyRuns extends Data.TaggedError('NobodyRuns')<{
  readonly cwd: string;
  readonly stateDir: string;
}> {
  override get message(): string {
    return `No reeve is running for ${this.cwd} (state: ${this.stateDir}).`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return 'Start it with `reeve up`, or `reeve up --detach`. What a dead one left running, it takes over.';
  }
}

/** The orchestrator was started in the background and did not come to serve. */
export class DetachFailed extends Data.TaggedError('DetachFailed')<{
  readonly why: string;
  readonly logFile: string;
  readonly lastLines: string;
}> {
  override get message(): string {
    return `The orchestrator ${this.why}.${this.lastLines === '' ? '' : ` It said last:\n${this.lastLines}`}`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return `All that it said is in ${this.logFile}. Without --detach it says it here.`;
  }
}

/** A step of a scenario did not happen. */
export class StepFailed extends Data.TaggedError('StepFailed')<{ readonly step: string; readonly why: string }> {
  override get message(): string {
    return `${this.step}: ${this.why}`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return 'Run it again without --once, and look with `reeve status` and `reeve logs`.';
  }
}

/** Ctrl-C, or its like. Needs no words: who did it knows. */
export class Interrupted extends Data.TaggedError('Interrupted') {
  override get message(): string {
    return 'Interrupted.';
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return 'Nothing was changed by the interruption itself.';
  }
}

/** `-C` names no directory. */
export class NoDirectory extends Data.TaggedError('NoDirectory')<{ readonly directory: string }> {
  override get message(): string {
    return `There is no directory ${this.directory}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return 'Give -C the directory of the project, where its project file is.';
  }
}
