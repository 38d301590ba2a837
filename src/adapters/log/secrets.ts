/** What may not appear anywhere, by value. Shared: whoever learns a secret adds it, whoever writes asks. */
export interface Secrets {
  /** From now on `value` is hidden. An empty one is ignored. */
  add(value: string): void;
  /** The same text, with `[redacted]` in place of every secret. */
  redact(text: string): string;
}

export const REDACTED = '[redacted]';

/**
 * **Example**
 *
 * ```ts
 * const secrets = secretsRegistry();
 * secrets.add('hunter2');
 * secrets.redact('login with hunter2 failed') // => 'login with [redacted] failed'
 * ```
 */
export function secretsRegistry(): Secrets {
  const known = new Set<string>();
  let pattern: RegExp | null = null;
  return {
    add(value) {
      if (value === '') return;
      for (const spelling of spellings(value)) known.add(spelling);
      // Longest first, so that a secret which contains another one is hidden whole.
      const longestFirst = [...known].sort((left, right) => right.length - left.length);
      pattern = new RegExp(longestFirst.map((text) => text.replace(SYNTAX, '\\$&')).join('|'), 'g');
    },
    redact: (text) => (pattern === null ? text : text.replace(pattern, REDACTED)),
  };
}

/** What means something in a regular expression. */
const SYNTAX = /[\\^$.*+?()[\]{}|/]/g;

/** As it is, inside a JSON string, and inside an address. */
const spellings = (value: string): readonly string[] => [
  value,
  JSON.stringify(value).slice(1, -1),
  encodeURIComponent(value.toWellFormed()),
];
