import * as Data from 'effect/Data';
import * as Issue from 'effect/SchemaIssue';

export type SpecPath = readonly (string | number)[];

/** One thing that is wrong with a spec. `NotYet`: nothing wrong, but reeve cannot do it so far. */
export interface SpecFault {
  readonly code: 'InvalidSpec' | 'NotYet';
  /** Where, from the root of what was decoded; empty for the whole. */
  readonly path: SpecPath;
  readonly message: string;
  /** What to write instead, where that is known. */
  readonly hint?: string;
}

/** A spec that cannot be used. Carries every fault at once; its message prints them all, a line each. */
export class InvalidSpec extends Data.TaggedError('InvalidSpec')<{
  /** What was decoded: `project "shop"`, `server "api"`. */
  readonly subject: string;
  readonly faults: readonly SpecFault[];
}> {
  override get message(): string {
    const count = this.faults.length === 1 ? 'a fault' : `${this.faults.length} faults`;
    return [`The spec of ${this.subject} has ${count}.`, ...this.faults.map((fault) => `  ${printFault(fault)}`)].join(
      '\n',
    );
  }
  get code(): string {
    return 'InvalidSpec';
  }
  get hint(): string {
    return 'Each line above names the path to correct.';
  }
}

/** `units.api.stop.grace: "5 sec" is not a duration; write milliseconds …` */
export function printFault({ path, message, hint }: SpecFault): string {
  const where = path.length === 0 ? '' : `${printPath(path)}: `;
  return `${where}${message}${hint === undefined ? '' : `; ${hint}`}`;
}

/**
 * A path as people write it.
 *
 * ```ts
 * printPath(['units', 'a.b', 'command', 1]) // => 'units["a.b"].command[1]'
 * ```
 */
export function printPath(path: SpecPath): string {
  return path.map(printStep).join('').replace(/^\./, '');
}

const printStep = (step: string | number): string =>
  typeof step === 'number' ? `[${step}]` : /^[\w-]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;

/** What a check of ours reports to the schema: whole words, and what to do. */
export const refusal = (message: string, hint?: string): Issue.Issue => new Issue.InvalidValue({ message, hint });

/** A value as a message may show it: short, and without the password of a URL. */
export function show(value: unknown): string {
  if (typeof value === 'string') {
    const plain = value.replace(/\/\/[^@/]*@/, '//…@');
    return JSON.stringify(plain.length > 60 ? `${plain.slice(0, 59)}…` : plain);
  }
  if (value === null || value === undefined) return 'nothing';
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : kindOf(value);
}

/** A value by its kind alone, for places where it may be a secret. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'a text';
  if (typeof value === 'object') return 'a map';
  return typeof value === 'number' ? 'a number' : `a ${typeof value}`;
}
