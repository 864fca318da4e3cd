/** Looks again and again, a turn of the event loop apart, until there is an answer. The test's timeout ends it. */
export async function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await new Promise((next) => setImmediate(next));
  }
}
