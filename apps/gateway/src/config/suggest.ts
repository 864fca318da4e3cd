/** The word of `allowed` that `given` was probably meant to be: at most two slips away (three in long words). */
export function suggest(given: string, allowed: readonly string[]): string | undefined {
  const slipsMax = given.length >= 9 ? 3 : given.length >= 4 ? 2 : 1;
  let best: string | undefined;
  let bestSlips = slipsMax + 1;
  for (const word of allowed) {
    const slips = editDistance(given.toLowerCase(), word.toLowerCase());
    if (slips < bestSlips) {
      best = word;
      bestSlips = slips;
    }
  }
  return best;
}

/** Insertions, deletions, substitutions and swaps of neighbours that lead from one word to the other. */
function editDistance(a: string, b: string): number {
  const width = b.length + 1;
  const cells = new Array<number>((a.length + 1) * width).fill(0);
  const at = (i: number, j: number): number => cells[i * width + j] ?? 0;
  for (let i = 0; i <= a.length; i++) cells[i * width] = i;
  for (let j = 0; j <= b.length; j++) cells[j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, at(i - 2, j - 2) + 1);
      }
      cells[i * width + j] = least;
    }
  }
  return at(a.length, b.length);
}
