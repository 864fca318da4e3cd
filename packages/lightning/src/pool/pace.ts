/** So many calls a second, and so many at once after a pause. */
export interface CallRate {
  /** More than 0; may be a fraction. */
  readonly perSecond: number;
  /** At least 1. */
  readonly burst: number;
}

/** What adding up fractions of milliseconds since 1970 may be off by. */
const roundingMs = 0.1;

/** Keeps calls to a rate: a token bucket in one number, the time at which the bucket is full again. */
export class Pace {
  readonly #everyMs: number;
  readonly #depthMs: number;
  #fullMs = Number.NEGATIVE_INFINITY;

  /** Throws a TypeError for a rate that would never let anything through. */
  constructor({ perSecond, burst }: CallRate) {
    if (!(perSecond > 0) || !(burst >= 1)) {
      throw new TypeError('A rate needs a perSecond above 0 and a burst of at least 1.');
    }
    this.#everyMs = 1_000 / perSecond;
    this.#depthMs = this.#everyMs * burst + roundingMs;
  }

  /** Takes one call, or says how many milliseconds to wait for it. 0: taken. */
  take(nowMs: number): number {
    // Between full and empty, also after the clock was set back.
    const fullMs = Math.min(Math.max(this.#fullMs, nowMs), nowMs + this.#depthMs);
    const waitMs = fullMs + this.#everyMs - this.#depthMs - nowMs;
    this.#fullMs = waitMs > 0 ? fullMs : fullMs + this.#everyMs;
    return waitMs > 0 ? waitMs : 0;
  }

  /** Gives one call back: it did not count. */
  giveBack(): void {
    this.#fullMs -= this.#everyMs;
  }
}
