/** A period: from (included) until (not), milliseconds since the epoch. A bound that is missing is open. */
export interface Period {
  readonly fromMs?: number | undefined;
  readonly untilMs?: number | undefined;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * Reads a moment of the command line: `2026-01-31`, `2026-01-31T12:00`, `2026-01-31T12:00:00Z`, or a duration such as
 * `24h`, which means that long ago. A day begins at midnight UTC, and a time without an offset is UTC.
 *
 * @returns milliseconds since the epoch, or undefined when it is no such thing
 */
export function parseMoment(text: string, nowMs: number): number | undefined {
  const [, count, unit] = /^([0-9]{1,6})([smhdw])$/.exec(text) ?? [];
  const unitMs = UNIT_MS[unit ?? ''];
  if (unitMs !== undefined) return nowMs - Number(count) * unitMs;
  const shape =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?)?$/i.exec(text);
  if (shape === null) return undefined;
  const [, day = '', time = '00:00', offset = 'Z'] = shape;
  const ms = Date.parse(`${day}T${time}${offset.toUpperCase()}`);
  // The 31st of February would silently be a day in March.
  const midnight = Date.parse(`${day}T00:00Z`);
  if (Number.isNaN(ms) || Number.isNaN(midnight)) return undefined;
  return new Date(midnight).toISOString().startsWith(day) && ms >= 0 ? ms : undefined;
}

/** A moment for programs, `2026-01-31T12:00:00.123Z`. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** A moment for people, in UTC and saying so: `2026-01-31 12:00:00Z`. */
export function showTime(ms: number): string {
  return `${isoTime(ms).slice(0, 19).replace('T', ' ')}Z`;
}

/** A period in words. */
export function showPeriod({ fromMs, untilMs }: Period): string {
  if (fromMs === undefined && untilMs === undefined) return 'since the beginning';
  if (untilMs === undefined) return `from ${showTime(fromMs ?? 0)} on`;
  if (fromMs === undefined) return `before ${showTime(untilMs)}`;
  return `from ${showTime(fromMs)} until before ${showTime(untilMs)}`;
}
