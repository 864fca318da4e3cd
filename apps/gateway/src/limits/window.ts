/** How long the window of a limit is: a stretch that begins with the first request in it, or a piece of the calendar, UTC. */
export type WindowLength =
  | { readonly kind: 'stretch'; readonly ms: number }
  | { readonly kind: 'calendar'; readonly unit: CalendarUnit };

/** Pieces of the calendar that a quota may be for. */
export const CALENDAR_UNITS = ['hour', 'day', 'month'] as const;

/** One of {@link CALENDAR_UNITS}. */
export type CalendarUnit = (typeof CALENDAR_UNITS)[number];

/** So many requests in a window. */
export interface LimitWindow {
  /** Its name in the RateLimit fields and in the store of counts: `1s`, `day`, `free`. */
  readonly name: string;
  readonly requests: number;
  readonly length: WindowLength;
}

/** What a key of a plan may do. */
export interface Plan {
  readonly name: string;
  /** Shortest first: what a short window refuses takes nothing from a long one. */
  readonly windows: readonly LimitWindow[];
  /** Most requests at a time, in each gateway; undefined: no limit. */
  readonly concurrency: number | undefined;
  /** How long a new key of this plan lives; undefined: for ever. */
  readonly keyLifeMs: number | undefined;
}

const hourMs = 3_600_000;

/** The longest that a window can be. */
export function longestMs({ length }: LimitWindow): number {
  if (length.kind === 'stretch') return length.ms;
  return { hour: hourMs, day: 24 * hourMs, month: 31 * 24 * hourMs }[length.unit];
}

/** When the piece of the calendar that holds a moment ends. */
export function calendarEndMs(unit: CalendarUnit, nowMs: number): number {
  if (unit === 'month') {
    const now = new Date(nowMs);
    return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1);
  }
  const lengthMs = unit === 'hour' ? hourMs : 24 * hourMs;
  return nowMs - (nowMs % lengthMs) + lengthMs;
}

/** The name of the piece of the calendar that holds a moment: `2026-01-31T12`, `2026-01-31`, `2026-01`. */
export function calendarName(unit: CalendarUnit, nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, { hour: 13, day: 10, month: 7 }[unit]);
}
