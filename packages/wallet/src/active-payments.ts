/**
 * What one process is at work on: the journal tells processes apart, this tells apart what one of them is doing. Whoever
 * takes a payment that is taken already has it from then on; what its former holder lets go of is nothing any more.
 */
export class ActivePayments {
  readonly #holders = new Map<string, symbol>();

  has(id: string): boolean {
    return this.#holders.has(id);
  }

  /** Takes a payment. The result lets go of it, unless somebody else has taken it over. */
  take(id: string): () => void {
    const holder = Symbol(id);
    this.#holders.set(id, holder);
    return () => {
      if (this.#holders.get(id) === holder) this.#holders.delete(id);
    };
  }
}
