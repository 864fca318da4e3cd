/** Counts what is going on at a time, for each key, in this gateway. */
export class Concurrency {
  readonly #going = new Map<string, number>();

  /** Keys that have something going on. */
  get size(): number {
    return this.#going.size;
  }

  /** False when so many are going on already; otherwise one more is, until {@link Concurrency.leave}. */
  enter(subject: string, most: number): boolean {
    const going = this.#going.get(subject) ?? 0;
    if (going >= most) return false;
    this.#going.set(subject, going + 1);
    return true;
  }

  leave(subject: string): void {
    const going = (this.#going.get(subject) ?? 0) - 1;
    if (going > 0) this.#going.set(subject, going);
    else this.#going.delete(subject);
  }
}
