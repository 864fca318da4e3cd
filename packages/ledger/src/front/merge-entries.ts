/** A claim's opening entry, or a later one: what the order of the two depends on. */
export interface Dated {
  readonly atMs: number;
  /** The claim. */
  readonly seq: number;
}

/**
 * Merges the opening entries of claims, in the order of `seq`, with all later entries, in the order in which they were
 * made: by time, and never a later entry before its claim's opening one, however the clock was set. Both stay in their
 * own order.
 */
export async function* mergedEntries<T extends Dated>(
  openings: AsyncIterable<T>,
  laters: AsyncIterable<T>,
): AsyncGenerator<T> {
  const opening = openings[Symbol.asyncIterator]();
  const later = laters[Symbol.asyncIterator]();
  try {
    let first = await opening.next();
    let second = await later.next();
    while (first.done !== true || second.done !== true) {
      const isLater =
        first.done === true ||
        (second.done !== true && second.value.seq < first.value.seq && second.value.atMs < first.value.atMs);
      if (isLater && second.done !== true) {
        yield second.value;
        second = await later.next();
      } else if (first.done !== true) {
        yield first.value;
        first = await opening.next();
      }
    }
  } finally {
    await opening.return?.();
    await later.return?.();
  }
}
