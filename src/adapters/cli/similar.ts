/** How much of two words must be the same, from 0 to 1. */
const ENOUGH = 0.5;

/**
 * The name that a word begins, or that shares most letters with it, or `null`.
 *
 * ```ts
 * similar('wbe', ['web', 'db']) // => 'web'
 * similar('stat', ['start', 'status']) // => 'status'
 * similar('zebra', ['web', 'db']) // => null
 * ```
 */
export function similar(word: string, names: readonly string[]): string | null {
  const begun = names.filter((name) => word !== '' && name.startsWith(word));
  if (begun.length === 1) return begun[0]!;
  const scored = names.map((name) => ({ name, score: score(word.toLowerCase(), name.toLowerCase()) }));
  const best = scored.reduce((left, right) => (right.score > left.score ? right : left), { name: '', score: 0 });
  return best.score >= ENOUGH ? best.name : null;
}

/** Letters count whatever their order, and a common beginning counts once more. */
function score(left: string, right: string): number {
  const rest = [...right];
  const common = [...left].filter((letter) => {
    const index = rest.indexOf(letter);
    if (index >= 0) rest.splice(index, 1);
    return index >= 0;
  }).length;
  const length = Math.max(left.length, right.length);
  const begins = left[0] === right[0] ? 1 : 0;
  return length < 2 ? 0 : (common + begins) / (length + 1);
}
