/** Questions that a gateway answers in a second: each takes about a millisecond of its time, with many pages a few. */
export const questionsPerSecondMax = 20;
/** Questions that it answers at once after a pause. */
export const questionBurstMax = 60;

/** How many questions may be answered: a bucket that fills with time. */
export interface AskBudget {
  /** Takes one; false when there is none. `nowMs` is of a clock that never goes back by much. */
  take(nowMs: number): boolean;
}

/** Makes a full bucket. */
export function createAskBudget(): AskBudget {
  let tokens = questionBurstMax;
  let filledMs: number | undefined;
  return {
    take(nowMs) {
      const passedMs = filledMs === undefined ? 0 : Math.max(0, nowMs - filledMs);
      filledMs = nowMs;
      tokens = Math.min(questionBurstMax, tokens + (passedMs * questionsPerSecondMax) / 1_000);
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
