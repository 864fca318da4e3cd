/** A claim's opening entry, or a later one: what the order of the two depends on. */
export interface Dated {
  readonly atMs: number;
  /** The claim. */
  readonly seq: number;
}

/**
 * Merges opening entries (by `seq`) with later ones (as they were made) by time, never reordering either of them. No later
 * entry comes before the opening one of its own claim, whatever the clocks of the gateways said.
 */
export async function* mergeEntries<T extends Dated>(
  openings: AsyncIterable<T>,
  later: AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  const opening = openings[Symbol.asyncIterator]();
  const other = later[Symbol.asyncIterator]();
  try {
    let next = await opening.next();
    for (let entry = await other.next(); entry.done !== true; entry = await other.next()) {
      while (next.done !== true && comesFirst(next.value, entry.value)) {
        yield next.value;
        next = await opening.next();
      }
      yield entry.value;
    }
    while (next.done !== true) {
      yield next.value;
      next = await opening.next();
    }
  } finally {
    await Promise.all([opening.return?.(), other.return?.()]);
  }
}

function comesFirst(opening: Dated, later: Dated): boolean {
  return opening.atMs <= later.atMs || opening.seq <= later.seq;
}
