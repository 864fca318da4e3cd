const pattern =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/** Milliseconds in one minute. */
const minuteMs = 60_000;

/**
 * Reads an RFC 3339 date-time, the form of `expires` and of a receipt's `timestamp`. A date that does not exist
 * (30 February) is refused; a leap second counts as the next second; at most nine digits of a second are read.
 *
 * @returns Milliseconds since the epoch, or `undefined`.
 *
 * @example
 * ```ts
 * import { parseTimestamp } from '@farebox/protocol';
 *
 * parseTimestamp('2025-01-15T12:05:00Z'); // 1736942700000
 * parseTimestamp('tomorrow'); // undefined
 * ```
 */
export function parseTimestamp(text: string): number | undefined {
  return parsePlain(text) ?? parseAny(text);
}

/**
 * The form that everybody writes, `2025-01-15T12:05:00Z`, without an expression: it stands on the path of every paid
 * request. Undefined for every other form, valid or not.
 */
function parsePlain(text: string): number | undefined {
  if (text.length !== 20 || text[4] !== '-' || text[7] !== '-' || text[10] !== 'T') return undefined;
  if (text[13] !== ':' || text[16] !== ':' || text[19] !== 'Z') return undefined;
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  // Comparisons with NaN are false, so what is no digit fails here too; the rare rest is left to the other way.
  const plain =
    year >= 1900 && month >= 1 && month <= 12 && day >= 1 && hour <= 23 && minute <= 59 && second <= 59;
  if (!plain || day > daysIn(year, month)) return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

function parseAny(text: string): number | undefined {
  const parts = pattern.exec(text);
  if (parts === null) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number);
  if (year === undefined || month === undefined || day === undefined) return undefined;
  if (hour === undefined || minute === undefined || second === undefined) return undefined;
  const offsetHour = Number(parts[9] ?? '0');
  const offsetMinute = Number(parts[10] ?? '0');
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 60 || offsetHour > 23 || offsetMinute > 59) return undefined;
  const date = new Date(0);
  // Not Date.UTC: that takes the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, Math.floor(Number(`0.${parts[7] ?? '0'}`) * 1000));
  const offsetMs = (offsetHour * 60 + offsetMinute) * minuteMs * (parts[8] === '-' ? -1 : 1);
  return date.getTime() - offsetMs;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
