/**
 * Counts the work that is under way in a devnet: scheduled pumps and bytes on their way between nodes. When it
 * falls to zero every commitment dance has ended, and balances stand still.
 */
export class Activity {
  #count = 0;
  readonly #checks = new Set<() => void>();

  begin(): void {
    this.#count++;
  }

  end(): void {
    this.#count--;
    for (const check of [...this.#checks]) check();
  }

  get idle(): boolean {
    return this.#count === 0;
  }

  /** Waits until the condition holds, looking again after every step of work. False when time ran out. */
  until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    if (condition()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const finish = (value: boolean) => {
        clearTimeout(timer);
        this.#checks.delete(check);
        resolve(value);
      };
      const check = () => {
        if (condition()) finish(true);
      };
      const timer = setTimeout(() => finish(condition()), timeoutMs);
      this.#checks.add(check);
    });
  }

  /** Waits until nothing is under way, at most so long. */
  async settled(timeoutMs: number): Promise<void> {
    await this.until(() => this.idle, timeoutMs);
  }
}
