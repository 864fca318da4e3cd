/** One request on its way through the gateway. */
export interface Exchange {
  /** Gives it up now: shutdown has waited as long as it may. */
  stop(): void;
}

/** What is going on, so that shutdown can wait for it. */
export interface Activity {
  begin(exchange: Exchange): void;
  end(exchange: Exchange): void;
  readonly size: number;
  /** Resolves when nothing is going on. */
  idle(): Promise<void>;
  stopAll(): void;
}

/** Makes an empty activity. */
export function createActivity(): Activity {
  const running = new Set<Exchange>();
  let waiting: (() => void)[] = [];
  return {
    begin: (exchange) => void running.add(exchange),
    end(exchange) {
      if (!running.delete(exchange) || running.size > 0) return;
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    },
    get size() {
      return running.size;
    },
    idle: () => (running.size === 0 ? Promise.resolve() : new Promise((wake) => void waiting.push(wake))),
    stopAll() {
      for (const exchange of [...running]) exchange.stop();
    },
  };
}
