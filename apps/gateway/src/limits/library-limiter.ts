import type { RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible';
import type { Limiter, Taken, WindowState } from './limiter.js';
import { calendarEndMs, calendarName, type LimitWindow } from './window.js';

/** What the library counts one kind of window with. */
export interface Counter {
  readonly limiter: RateLimiterAbstract;
  /**
   * Told about every subject before it is counted: what has to be forgotten is forgotten here.
   * @param endMs when its piece of the calendar ends; undefined for a stretch
   */
  readonly seen?: (subject: string, endMs: number | undefined) => void;
  /** Counts of the calendar are kept until the piece of it is over; otherwise for ever, which is until they are forgotten. */
  readonly keepsTime: boolean;
}

/**
 * A {@link Limiter} of the library `rate-limiter-flexible`, one of its limiters for each kind of window.
 *
 * @param open makes the counter of a window; called once for each name and number of requests
 */
export function createLibraryLimiter(
  open: (window: LimitWindow) => Counter,
  close: () => Promise<void>,
): Limiter {
  const counters = new Map<string, Counter>();
  const counterOf = (window: LimitWindow): Counter => {
    const name = `${window.name} ${window.requests}`;
    const known = counters.get(name) ?? open(window);
    counters.set(name, known);
    return known;
  };
  return {
    async take(subject, windows, nowMs): Promise<Taken> {
      const states: WindowState[] = [];
      for (const window of windows) {
        const { ok, state } = await takeOne(counterOf(window), subject, window, nowMs);
        states.push(state);
        if (!ok) return { ok: false, by: state, states };
      }
      return { ok: true, states };
    },
    close,
  };
}

async function takeOne(
  { limiter, seen, keepsTime }: Counter,
  subject: string,
  window: LimitWindow,
  nowMs: number,
): Promise<{ readonly ok: boolean; readonly state: WindowState }> {
  const { length } = window;
  if (length.kind === 'stretch') {
    seen?.(subject, undefined);
    const { ok, result } = await consume(limiter, subject, {});
    return { ok, state: stateOf(window, result, Math.max(0, result.msBeforeNext)) };
  }
  const leftMs = calendarEndMs(length.unit, nowMs) - nowMs;
  // Its name holds the day, so the next day begins with nothing whatever becomes of this count.
  const named = `${subject}@${calendarName(length.unit, nowMs)}`;
  seen?.(named, nowMs + leftMs);
  const customDuration = keepsTime ? Math.ceil(leftMs / 1_000) : 0;
  const { ok, result } = await consume(limiter, named, { customDuration });
  return { ok, state: stateOf(window, result, leftMs) };
}

function stateOf(window: LimitWindow, { remainingPoints }: RateLimiterRes, resetMs: number): WindowState {
  return { window, remaining: Math.max(0, remainingPoints), resetMs };
}

/** The library rejects with its result where nothing is left, and with an error where it could not count. */
async function consume(
  limiter: RateLimiterAbstract,
  subject: string,
  options: { readonly customDuration?: number },
): Promise<{ readonly ok: boolean; readonly result: RateLimiterRes }> {
  try {
    return { ok: true, result: await limiter.consume(subject, 1, options) };
  } catch (refusal) {
    if (!isResult(refusal)) throw refusal;
    return { ok: false, result: refusal };
  }
}

function isResult(value: unknown): value is RateLimiterRes {
  return typeof value === 'object' && value !== null && !(value instanceof Error) && 'msBeforeNext' in value;
}
