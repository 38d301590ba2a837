/** The same command comes again only shortly after: when an answer got lost. */
const KEYS_MAX = 10_000;

/** Tells whether a command is new: the same key twice is the same command. */
export function rememberKeys(): (call: { readonly key: string }) => boolean {
  const keys = new Set<string>();
  return ({ key }) => {
    if (keys.has(key)) return false;
    keys.add(key);
    const [oldest] = keys;
    if (keys.size > KEYS_MAX && oldest !== undefined) keys.delete(oldest);
    return true;
  };
}
