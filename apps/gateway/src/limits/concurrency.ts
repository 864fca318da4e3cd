/** Counts what is going on at a time, for each key. */
export interface Concurrency {
  /** Keys that have something going on in this gateway. */
  readonly size: number;
  /** False when so many are going on already; otherwise one more is, until {@link Concurrency.leave}. */
  enter(subject: string, most: number): boolean | Promise<boolean>;
  leave(subject: string): void;
  /** Ends what is on its way to be counted. What is still going on then counts until its lease is over. */
  close(): Promise<void>;
}

/** Counts in this process alone: exact for one gateway. */
export class OwnConcurrency implements Concurrency {
  readonly #going = new Map<string, number>();

  get size(): number {
    return this.#going.size;
  }

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

  async close(): Promise<void> {}
}
