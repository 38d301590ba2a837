import * as Data from 'effect/Data';

/** The operator's to fix, in the spec. Trying again cannot help. */
export class CommandNotRunnable extends Data.TaggedError('CommandNotRunnable')<{
  readonly command: string;
  readonly cwd: string;
  readonly why: 'no such command' | 'no such file' | 'permission denied' | 'is a directory';
  /** Where it was looked for. */
  readonly path: string;
}> {
  override get message(): string {
    return `Cannot run "${this.command}" in ${this.cwd}: ${this.why}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    if (this.why === 'no such command') return `Install it, or give its full path. Looked in PATH: ${this.path}`;
    if (this.why === 'no such file') return `There is no ${this.path}. Relative paths start at the unit's cwd.`;
    if (this.why === 'is a directory') return `${this.path} is a directory. Name a program inside it.`;
    return `Make ${this.path} executable for this user, for example with chmod +x.`;
  }
}

/** The operator's to fix as well. Node says ENOENT for it, as it does for a missing command. */
export class DirectoryNotUsable extends Data.TaggedError('DirectoryNotUsable')<{
  readonly cwd: string;
  readonly why: 'no such directory' | 'not a directory' | 'permission denied';
}> {
  override get message(): string {
    return `Cannot run anything in ${this.cwd}: ${this.why}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return this.why === 'permission denied'
      ? 'Give this user the right to enter the directory, or set another cwd.'
      : 'Create the directory, or set another cwd.';
  }
}

/** A name that the launcher, a POSIX shell, cannot hand on unchanged. */
export class VariableNotPassable extends Data.TaggedError('VariableNotPassable')<{ readonly name: string }> {
  override get message(): string {
    return `Cannot set the environment variable "${this.name}": the shell that launches keeps it for itself.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return 'Let the command set it itself: env NAME=value command …';
  }
}

/** A secret that a command was to be given. Says which one and from where, and never what it is. */
export class SecretNotAvailable extends Data.TaggedError('SecretNotAvailable')<{
  readonly name: string;
  readonly source: { readonly env: string } | { readonly file: string };
  readonly why: keyof typeof SECRET_HINTS;
}> {
  override get message(): string {
    const source = 'env' in this.source ? `the variable ${this.source.env}` : `the file ${this.source.file}`;
    return `Cannot take the secret ${this.name} from ${source}: ${this.why}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return SECRET_HINTS[this.why];
  }
}

const SECRET_HINTS = {
  'it is not set': 'Set it in the environment that reeve runs in, or take the secret from a file.',
  'no such file': "Create it, or correct the path. Relative paths start at the unit's cwd.",
  'permission denied': 'Let this user read it, and nobody else: chown, chmod 600.',
  'it is not a regular file': 'Name a file that holds the secret and nothing else.',
  'it is larger than 64 KB': 'Name a file that holds the secret and nothing else.',
  'it is not text': 'A variable holds UTF-8 text without NUL bytes: store it encoded, for example as base64.',
} as const;

/** Out of processes, descriptors, memory or space (`resource`), or refused by the system for another reason. */
export class LaunchRefused extends Data.TaggedError('LaunchRefused')<{
  readonly what: string;
  readonly errno: string;
  readonly reason: string;
}> {
  override get message(): string {
    return `Cannot ${this.what}: ${this.reason}`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return HINTS[this.errno] ?? 'Look at the rights and the health of the state directory and the system.';
  }
  /** `true`: waiting helps, so a retry costs no restart budget. */
  get resource(): boolean {
    return RESOURCES.has(this.errno);
  }
}

export class BadPattern extends Data.TaggedError('BadPattern')<{ readonly pattern: string; readonly reason: string }> {
  override get message(): string {
    return `Cannot search for /${this.pattern}/: ${this.reason}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return 'Give a JavaScript regular expression, and escape characters that are meant literally with a backslash.';
  }
}

export type ProcessFault =
  | CommandNotRunnable
  | DirectoryNotUsable
  | VariableNotPassable
  | SecretNotAvailable
  | LaunchRefused
  | BadPattern;

const RESOURCES = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOSPC', 'EDQUOT']);
const HINTS: Readonly<Record<string, string>> = {
  EAGAIN: 'The limit of processes is reached: see ulimit -u and the pids limit of the container. It is tried again.',
  EMFILE: 'This process has too many files open: see ulimit -n. It is tried again.',
  ENFILE: 'The system has too many files open. It is tried again.',
  ENOMEM: 'The system is out of memory. It is tried again.',
  ENOSPC: 'The disk of the state directory is full. It is tried again.',
  EDQUOT: 'The disk quota is used up. It is tried again.',
  EINVAL: 'No launch is possible with a limit of fewer than 200 open files: see ulimit -n.',
  E2BIG: 'Arguments and environment together are too large. Pass the data in a file.',
};

/** What the system said, as an error that a person can act on. */
export function refusalOf(what: string, cause: unknown): LaunchRefused {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new LaunchRefused({ what, errno: typeof code === 'string' ? code : 'UNKNOWN', reason: `${message}.` });
}
