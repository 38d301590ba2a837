const WORDS_MAX = 500;

/** What was thrown, or told, as one short text. Never throws, whatever it is given. */
export function wordsOf(said: unknown): string {
  try {
    return cut(plain(said));
  } catch {
    return 'something that cannot be put into words';
  }
}

function plain(said: unknown): string {
  if (typeof said === 'string') return said;
  if (said instanceof Error) return said.message || said.name;
  return typeof said === 'object' && said !== null ? JSON.stringify(said) : String(said);
}

const cut = (text: string): string => (text.length <= WORDS_MAX ? text : `${text.slice(0, WORDS_MAX - 1)}…`);
