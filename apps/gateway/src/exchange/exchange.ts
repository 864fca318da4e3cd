/** One request on its way through the gateway. */
export interface Exchange {
  /** Gives it up now: shutdown has waited as long as it may. */
  stop(): void;
  /** Its answer has been written to the end, and has not left yet. */
  readonly leaving: boolean;
  /** Where {@link Activity} keeps it; only that writes it. */
  place: number;
}

/** What is going on, so that shutdown can wait for it. */
export interface Activity {
  begin(exchange: Exchange): void;
  end(exchange: Exchange): void;
  readonly size: number;
  /** True when an exchange is {@link Exchange.leaving}. */
  readonly leaving: boolean;
  /** Resolves when nothing is going on. */
  idle(): Promise<void>;
  stopAll(): void;
}

/**
 * Makes an empty activity. A list in which the last one moves into the gap of the one that leaves: a Set would keep
 * what has left alive through the tables that it outgrows, and cost a fifth of a paid request in garbage collection.
 */
export function createActivity(): Activity {
  const running: Exchange[] = [];
  let waiting: (() => void)[] = [];
  return {
    begin(exchange) {
      exchange.place = running.length;
      running.push(exchange);
    },
    end(exchange) {
      if (running[exchange.place] !== exchange) return;
      const last = running.pop();
      if (last !== undefined && last !== exchange) {
        running[exchange.place] = last;
        last.place = exchange.place;
      }
      if (running.length > 0) return;
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    },
    get size() {
      return running.length;
    },
    get leaving() {
      return running.some((exchange) => exchange.leaving);
    },
    idle: () => (running.length === 0 ? Promise.resolve() : new Promise((wake) => void waiting.push(wake))),
    stopAll() {
      for (const exchange of [...running]) exchange.stop();
    },
  };
}
