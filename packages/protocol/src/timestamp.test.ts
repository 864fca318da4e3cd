import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyString, fuzzRuns, mutated, timestamp } from './testing/arbitrary.js';
import { parseTimestamp } from './timestamp.js';

describe('parseTimestamp, RFC 3339', () => {
  it.each([
    ['2025-01-15T12:05:00Z', 1736942700000],
    ['1985-04-12T23:20:50.52Z', 482196050520],
    ['1996-12-19T16:39:57-08:00', 851042397000],
    ['1937-01-01T12:00:27.87+00:20', -1041337172130],
    ['1990-12-31T23:59:60Z', 662688000000],
    ['1990-12-31T15:59:60-08:00', 662688000000],
    ['1970-01-01t00:00:00z', 0],
    ['1970-01-01T00:00:00-00:00', 0],
    ['2024-02-29T00:00:00Z', 1709164800000],
    ['2000-02-29T00:00:00Z', 951782400000],
    ['0001-01-01T00:00:00Z', -62135596800000],
    ['2025-01-15T12:05:00.123456789Z', 1736942700123],
  ])('%s', (written, ms) => {
    expect(parseTimestamp(written)).toBe(ms);
  });

  it.each([
    '',
    'tomorrow',
    '2025-01-15',
    '2025-01-15 12:05:00Z',
    '2025-01-15T12:05:00',
    '2025-01-15T12:05Z',
    '2025-01-15T12:05:00.Z',
    '2025-01-15T12:05:00+0100',
    '2025-01-15T12:05:00+24:00',
    '2025-01-15T24:00:00Z',
    '2025-01-15T12:60:00Z',
    '2025-01-15T12:05:61Z',
    '2025-02-29T00:00:00Z',
    '2100-02-29T00:00:00Z',
    '2025-04-31T00:00:00Z',
    '2025-13-01T00:00:00Z',
    '2025-00-01T00:00:00Z',
    '2025-01-00T00:00:00Z',
    '25-01-15T12:05:00Z',
    '+002025-01-15T12:05:00Z',
    '2025-01-15T12:05:00Z\n',
    ' 2025-01-15T12:05:00Z',
    '2025-01-15T12:05:00ZZ',
    '1736942700',
    '２025-01-15T12:05:00Z',
  ])('refuses %j', (written) => {
    expect(parseTimestamp(written)).toBeUndefined();
  });

  it('agrees with Date', () => {
    fc.assert(
      fc.property(timestamp, (written) => {
        expect(parseTimestamp(written)).toBe(Date.parse(written));
      }),
      fuzzRuns,
    );
  });

  it('never throws, and gives a time or nothing', () => {
    fc.assert(
      fc.property(fc.oneof(anyString, mutated(timestamp)), (written) => {
        const ms = parseTimestamp(written);
        expect(ms === undefined || Number.isSafeInteger(ms)).toBe(true);
      }),
      fuzzRuns,
    );
  });
});
