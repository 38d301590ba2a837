import * as Data from 'effect/Data';

/** The operator's to fix, or the machine's: `isResource` says whether waiting can help. */
export class CannotWatch extends Data.TaggedError('CannotWatch')<{
  readonly what: string;
  readonly why: string;
  readonly remedy: string;
  readonly isResource: boolean;
}> {
  override get message(): string {
    return `Cannot watch ${this.what}: ${this.why}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return this.remedy;
  }
}

export const noSuchDirectory = (cwd: string): CannotWatch =>
  new CannotWatch({
    what: cwd,
    why: 'no such directory',
    remedy: 'Create it, or correct `cwd` of the watcher.',
    isResource: false,
  });

export const notAWatcher = (unitId: string): CannotWatch =>
  new CannotWatch({
    what: `for "${unitId}"`,
    why: 'its spec names no files',
    remedy: 'This is a bug in reeve: only watchers are watched for. Please report it.',
    isResource: false,
  });

/** What a watcher of the system said, in words. */
export function watchFailure(error: unknown, cwd: string): CannotWatch {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ENOSPC':
      return new CannotWatch({
        what: cwd,
        why: 'the limit of watched files is reached (ENOSPC)',
        remedy: 'Watch less (name directories in `files`), or raise it: sysctl fs.inotify.max_user_watches=524288.',
        isResource: true,
      });
    case 'EMFILE':
    case 'ENFILE':
      return new CannotWatch({
        what: cwd,
        why: `too many files or watchers are open (${code})`,
        remedy: 'Raise `ulimit -n` or fs.inotify.max_user_instances, or run fewer watchers.',
        isResource: true,
      });
    default:
      return new CannotWatch({
        what: cwd,
        why: error instanceof Error ? error.message : String(error),
        remedy: 'Check that the directories exist and may be read.',
        isResource: code === 'ENOMEM',
      });
  }
}
