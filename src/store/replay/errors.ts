import * as Data from 'effect/Data';
import type { HistoryFault } from './history.ts';

/** A trace was asked for, and this is something else. */
export class NotATrace extends Data.TaggedError('NotATrace')<{ readonly path: string; readonly why: string }> {
  override get message(): string {
    return `${this.path} is no trace: ${this.why}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return 'Name a file that `reeve trace export` wrote, or a state directory.';
  }
}

/** Traces can be read by whoever wrote them, and by every later version. */
export class TraceTooNew extends Data.TaggedError('TraceTooNew')<{
  readonly path: string;
  readonly what: string;
  readonly found: number;
  readonly ours: number;
  readonly version: string;
}> {
  override get message(): string {
    const { path, what, found, ours } = this;
    return `Cannot read the trace ${path}: its ${what} is version ${found}, and this reeve knows only ${ours}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return `reeve ${this.version} wrote it. Update reeve to that version or a later one.`;
  }
}

/** The trace is not as it was written. */
export class TraceDamaged extends Data.TaggedError('TraceDamaged')<{
  readonly path: string;
  readonly faults: readonly HistoryFault[];
}> {
  override get message(): string {
    const { path, faults } = this;
    const [first] = faults;
    const where = first?.line ? `line ${first.line}: ` : '';
    const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
    return `The trace ${path} is damaged: ${where}${first?.message ?? 'it cannot be read'}${more}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return 'Get it again from where it was written. To see what is left of it, allow damaged ones: `--allow-damaged`.';
  }
}

/** The file, or the directory, cannot be read at all. */
export class TraceUnreadable extends Data.TaggedError('TraceUnreadable')<{
  readonly path: string;
  readonly reason: string;
  readonly cause?: unknown;
}> {
  override get message(): string {
    return `Cannot read the trace ${this.path}: ${this.reason}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return 'Check the path, and that this user may read it.';
  }
}
