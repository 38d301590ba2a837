import * as Data from 'effect/Data';
import { printPath, type SpecFault } from '../../index.ts';
import type { Position } from './source.ts';

/** There is no project file: none of the usual names, or not the one that was asked for. */
export class ConfigNotFound extends Data.TaggedError('ConfigNotFound')<{
  readonly directory: string;
  /** The names that were tried, in this order. */
  readonly looked: readonly string[];
  /** The whole path of the one that was asked for. `null`: the usual names were tried. */
  readonly asked: string | null;
  /** A project file that is in the directory, by one of the usual names. */
  readonly there: string | null;
}> {
  override get message(): string {
    if (this.asked !== null) return `There is no project file ${this.asked}.`;
    return `There is no project file in ${this.directory}: looked for ${this.looked.join(', ')}.`;
  }
  get code(): string {
    return 'ConfigNotFound';
  }
  get hint(): string {
    if (this.asked === null) {
      return 'Create a reeve.yaml there, go to the directory of the project, or name a file with -f.';
    }
    if (this.there !== null) return `There is a ${this.there} in that directory: name it, or leave -f out there.`;
    return 'Correct the name: it is looked for from where reeve is called, or from the directory that -C names.';
  }
}

/** There is a project file, but its content cannot be had: no permission, a directory, a module that throws. */
export class ConfigUnreadable extends Data.TaggedError('ConfigUnreadable')<{
  readonly file: string;
  readonly why: string;
  readonly hint: string;
}> {
  override get message(): string {
    return `Cannot read ${this.file}: ${this.why}.`;
  }
  get code(): string {
    return 'ConfigUnreadable';
  }
}

/** What the system said of a file, in words. */
export function unreadable(file: string, error: unknown): ConfigUnreadable {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const why = code === 'EACCES' ? 'permission denied' : `the system says ${code}`;
  return new ConfigUnreadable({ file, why, hint: 'Look at the file and its permissions.' });
}

/** As many as somebody reads before the next try. */
const FAULTS_SHOWN = 50;

export type ConfigFault = SpecFault & { readonly position: Position | null };

/** The project file says something that cannot be. Every fault at once, with its line where the format has lines. */
export class ConfigInvalid extends Data.TaggedError('ConfigInvalid')<{
  /** As people would type it: relative to where they are, if it is below. */
  readonly file: string;
  readonly faults: readonly ConfigFault[];
}> {
  override get message(): string {
    const more = this.faults.length - FAULTS_SHOWN;
    const shown = this.faults.slice(0, FAULTS_SHOWN).map((fault) => printed(this.file, fault));
    return [...shown, ...(more > 0 ? [`… and ${more} more faults`] : [])].join('\n');
  }
  get code(): string {
    return 'ConfigInvalid';
  }
  get hint(): string {
    return this.faults.length === 1
      ? `Correct it in ${this.file}.`
      : `Correct these ${this.faults.length} in ${this.file}.`;
  }
}

/** `reeve.yaml:4:12  units.api.stop.grace  "5 sec" is not a duration`, and the hint on a line of its own. */
function printed(file: string, { position, path, message, hint }: ConfigFault): string {
  const where = position === null ? file : `${file}:${position.line}:${position.column}`;
  const line = [where, ...(path.length === 0 ? [] : [printPath(path)]), message].join('  ');
  return hint === undefined ? line : `${line}\n    ${hint}`;
}
