import * as Data from 'effect/Data';

/** A unit is a function, and this program has not said which. */
export class FunctionMissing extends Data.TaggedError('FunctionMissing')<{
  readonly unitId: string;
  /** Whether it is run as soon as somebody has it. */
  readonly isOwed: boolean;
}> {
  override get message(): string {
    return `The function of "${this.unitId}" is not in this program.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    const given = `openReeve({ units: [job({ id: '${this.unitId}', run })] })`;
    return this.isOwed ? `It runs when a program opens this state directory with it: ${given}.` : `Give it: ${given}.`;
  }
}

/** A function that was told to end and did not: another run of it must not begin beside it. */
export class FunctionStillWorks extends Data.TaggedError('FunctionStillWorks')<{ readonly unitId: string }> {
  override get message(): string {
    return `An earlier run of "${this.unitId}" still works: its function did not heed its signal.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return 'It runs again when that one has ended. Let the function end when its signal is aborted.';
  }
}

/** What a function returned is nothing that a journal can keep. */
export class ResultNotKept extends Data.TaggedError('ResultNotKept')<{ readonly what: string }> {
  override get message(): string {
    return `What it returned cannot be kept: ${this.what}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return 'Return plain JSON and not much of it; write the rest to a file, and return its path.';
  }
}

/** The reason of a signal. */
export class JobAborted extends Data.TaggedError('JobAborted')<{
  readonly unitId: string;
  /** What its outcome will be: `stopped`, `timed-out`, … */
  readonly outcome: string;
  /** Who asked; `null`: nobody did. */
  readonly by: string | null;
}> {
  override get message(): string {
    const by = this.by === null ? '' : `, asked by ${this.by}`;
    return `"${this.unitId}" is to end (${this.outcome}${by}).`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return 'End soon, and clean up: what is returned after the grace period is not kept.';
  }
}
