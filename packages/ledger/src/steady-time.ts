/** How far the wall clock may drift, between two looks, from a clock that nobody sets; beyond that it was set. */
export const clockDriftMsMax = 5 * 60_000;
/** How long after the clock was set nothing is done by it that cannot be undone: time to set it right again. */
export const steadyAfterMs = 3_600_000;

/**
 * The wall clock for what cannot be undone, such as a sweep: it says nothing for an hour after it was set. Compared with the
 * time that the process counts itself, which stands still while the machine sleeps: waking counts as being set, too. A clock
 * that is wrong from the start is not noticed.
 */
export class SteadyTime {
  readonly #now: () => number;
  readonly #set: (movedMs: number) => void;
  readonly #elapsed: () => number;
  #last: { readonly nowMs: number; readonly elapsedMs: number };
  /** On the process's own clock. */
  #steadyFromMs: number;

  /**
   * @param now the wall clock, in milliseconds since the epoch
   * @param set told, once for each time, that the clock was set, and by how many milliseconds
   * @param elapsed milliseconds on a clock that nobody sets
   */
  constructor(
    now: () => number,
    set: (movedMs: number) => void,
    elapsed: () => number = () => performance.now(),
  ) {
    this.#now = now;
    this.#set = set;
    this.#elapsed = elapsed;
    this.#last = { nowMs: now(), elapsedMs: elapsed() };
    this.#steadyFromMs = this.#last.elapsedMs;
  }

  /** Milliseconds since the epoch; undefined while the clock cannot be relied on. Ask before every step that uses it. */
  read(): number | undefined {
    const [nowMs, elapsedMs] = [this.#now(), this.#elapsed()];
    const movedMs = nowMs - this.#last.nowMs - (elapsedMs - this.#last.elapsedMs);
    this.#last = { nowMs, elapsedMs };
    // Written so that a clock that says no number is no steady one.
    if (!(Math.abs(movedMs) <= clockDriftMsMax)) {
      this.#steadyFromMs = elapsedMs + steadyAfterMs;
      this.#set(movedMs);
    }
    return elapsedMs >= this.#steadyFromMs ? nowMs : undefined;
  }
}
