const callsAtOnceMax = 4;

/**
 * Does `work` for each item, four at a time (Bitcoin Core answers with four threads unless told otherwise), and keeps the order.
 * The first error ends it.
 */
export async function eachBounded<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(callsAtOnceMax, items.length) }, worker));
  return results;
}
