/** Whose timer, or whose event, it is: what a crash takes away with its process. */
export type Owner = object;

interface Timer {
  readonly owner: Owner;
  readonly dueMs: number;
  readonly run: () => void;
  /** Node's timers have it; a world waits for everything. */
  readonly unref: () => void;
}

/** When every simulated world begins, milliseconds since the epoch. */
export const worldBeginsMs = 1_800_000_000_000;

/** The world's time. It stands still unless a step moves it. */
export class Clock {
  #nowMs = worldBeginsMs;
  // In the order they were set, which is the order in which timers of one moment run.
  #timers: Timer[] = [];

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Milliseconds until the next timer; undefined when there is none. */
  get nextInMs(): number | undefined {
    const due = this.#timers.reduce((first, { dueMs }) => Math.min(first, dueMs), Number.POSITIVE_INFINITY);
    return due === Number.POSITIVE_INFINITY ? undefined : Math.max(0, due - this.#nowMs);
  }

  set(owner: Owner, delayMs: number, run: () => void): Timer {
    const timer = { owner, dueMs: this.#nowMs + delayMs, run, unref: () => {} };
    this.#timers.push(timer);
    return timer;
  }

  clear(timer: unknown): void {
    this.#timers = this.#timers.filter((each) => each !== timer);
  }

  /** A process has died, and its timers with it. */
  drop(owner: Owner): void {
    this.#timers = this.#timers.filter((each) => each.owner !== owner);
  }

  /** Moves to the next timer that is due by then and takes it out; undefined when none is left: it is then. */
  advance(untilMs: number): Timer | undefined {
    const due = this.#timers.filter(({ dueMs }) => dueMs <= untilMs);
    const [first, ...others] = due;
    if (first === undefined) {
      this.#nowMs = Math.max(this.#nowMs, untilMs);
      return undefined;
    }
    const next = others.reduce((best, each) => (each.dueMs < best.dueMs ? each : best), first);
    this.clear(next);
    this.#nowMs = Math.max(this.#nowMs, next.dueMs);
    return next;
  }
}

/**
 * Puts the world's timers in place of the process's own, for the gate's claim deadline, and returns what puts those
 * back. `setImmediate` stays real: the world settles promises with it (`settlePromises`).
 */
export function installTimers(
  set: (run: () => void, delayMs: number) => object,
  clear: (timer: unknown) => void,
): () => void {
  const { setTimeout, clearTimeout } = globalThis;
  Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
  return () => void Object.assign(globalThis, { setTimeout, clearTimeout });
}

/**
 * Lets every promise that can go on go on. Promise jobs run in the order in which they were made, and nothing else is
 * under way, so this is as deterministic as the step before it.
 */
export function settlePromises(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
