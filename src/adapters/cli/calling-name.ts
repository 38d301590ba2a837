/** Where and of what a command line speaks, as it was typed. */
export interface Places {
  readonly directory?: string;
  readonly stateDir?: string;
}

/**
 * What to type for `reeve` to get here again: below npm there is no such command, and a place that was named once has
 * to be named again.
 *
 * ```ts
 * callingName({ npm_lifecycle_event: 'npx' }, { directory: 'shop' }) // => 'npx reeve -C shop'
 * ```
 */
export function callingName(
  env: Readonly<Record<string, string | undefined>>,
  { directory, stateDir }: Places,
): string {
  const { npm_lifecycle_event: script, npm_package_name: owner } = env;
  const isClone = owner === 'reeve' && script !== 'npx';
  const name = script === undefined ? 'reeve' : isClone ? 'npm run reeve --' : 'npx reeve';
  const at = directory === undefined ? '' : ` -C ${quoted(directory)}`;
  return `${name}${at}${stateDir === undefined ? '' : ` --state-dir ${quoted(stateDir)}`}`;
}

/**
 * Words for people, with every command in them as it can be typed.
 *
 * ```ts
 * runnable('See `reeve status`.', 'npx reeve') // => 'See `npx reeve status`.'
 * ```
 */
export const runnable = (words: string, name: string): string =>
  words.replaceAll(/`reeve (?=[a-z-])/g, () => `\`${name} `);

const quoted = (path: string): string => (/^[\w./~-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`);
