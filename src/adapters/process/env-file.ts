import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import * as Data from 'effect/Data';
import type { ProgramSpec } from './environment.ts';
import { readTextFile, type Unreadable } from './text-file.ts';

/** A file of variables that a command was to be given. Its values are never shown: they may be secrets. */
export class EnvFileNotUsable extends Data.TaggedError('EnvFileNotUsable')<{
  readonly file: string;
  readonly why: string;
}> {
  override get message(): string {
    return `Cannot take variables from ${this.file}: ${this.why}.`;
  }
  get code(): string {
    return this._tag;
  }
  get hint(): string {
    return (
      HINTS[this.why] ?? 'Write NAME=value, a line each. Comments begin with #, and quotes keep spaces and newlines.'
    );
  }
}

const HINTS: Readonly<Record<string, string>> = {
  'no such file': "Create it, or correct env.file. Relative paths start at the unit's cwd.",
  'permission denied': 'Let this user read it: chown, chmod.',
  'it is not a regular file': 'Name a file in env.file, not a directory.',
  'it is larger than 64 KB': 'Leave in it what the command needs.',
  'it is not text': 'Store it as UTF-8.',
} satisfies Record<Unreadable, string>;

/**
 * The variables of a unit's `env.file`, as they are now. Of two files that name the same, the later one counts.
 *
 * The syntax is that of `node --env-file`: nothing is replaced in the values.
 *
 * @throws {EnvFileNotUsable | LaunchRefused}
 */
export function readEnvFiles({ env, cwd }: ProgramSpec): Record<string, string> {
  const files = [env.file ?? []].flat();
  return Object.assign({}, ...files.map((file) => variablesIn(resolve(cwd, file))));
}

function variablesIn(file: string): Record<string, string> {
  const refuse = (why: string) => new EnvFileNotUsable({ file, why });
  const text = readTextFile(file, `read ${file}`, refuse).replace(/^\uFEFF/, '');
  if (text.includes('\0')) throw refuse('it is not text');
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(parseEnv(text))) {
    if (!NAME.test(name)) throw refuse(`${shown(name)} is not the name of a variable`);
    variables[name] = value ?? '';
  }
  return variables;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const SHOWN_CHARS_MAX = 40;

/** What stands before the first `=` of a line. It may be half of a value that was meant to go on over lines. */
const shown = (name: string): string =>
  name.length > SHOWN_CHARS_MAX || name.includes('\n') ? 'what stands before a =' : JSON.stringify(name);
