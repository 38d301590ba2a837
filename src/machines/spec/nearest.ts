/**
 * The name that was probably meant, or `null`.
 *
 * At most a third of the letters may differ, and case does not count.
 *
 * ```ts
 * nearest('comand', ['command', 'cwd']) // => 'command'
 * nearest('zebra', ['command', 'cwd']) // => null
 * ```
 */
export function nearest(word: string, names: Iterable<string>): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const name of names) {
    const distance = editDistance(word.toLowerCase(), name.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}

/** `did you mean "api"?`, where there is something to mean. */
export function suggestion(word: string, names: Iterable<string>): string | undefined {
  const name = nearest(word, names);
  return name === null ? undefined : `did you mean "${name}"?`;
}

/** Damerau-Levenshtein in its optimal string alignment form: insert, delete, replace, swap neighbours. */
function editDistance(left: string, right: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1];
      let cost = Math.min(previous[column]! + 1, current[column - 1]! + 1, previous[column - 1]! + (same ? 0 : 1));
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (row > 1 && column > 1 && swapped) cost = Math.min(cost, beforePrevious[column - 2]! + 1);
      current.push(cost);
    }
    [beforePrevious, previous] = [previous, current];
  }
  return previous[right.length]!;
}
