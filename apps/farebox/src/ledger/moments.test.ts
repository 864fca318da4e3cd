import { describe, expect, it } from 'vitest';
import { parseMoment, showPeriod, showTime } from './moments.js';

const nowMs = Date.UTC(2026, 5, 15, 12);

describe('a moment', () => {
  it.each([
    ['2026-01-31', Date.UTC(2026, 0, 31)],
    ['2024-02-29', Date.UTC(2024, 1, 29)],
    ['2026-01-31T12:30', Date.UTC(2026, 0, 31, 12, 30)],
    ['2026-01-31 12:30:15', Date.UTC(2026, 0, 31, 12, 30, 15)],
    ['2026-01-31T12:30:15.5Z', Date.UTC(2026, 0, 31, 12, 30, 15, 500)],
    ['2026-01-31T12:30z', Date.UTC(2026, 0, 31, 12, 30)],
    ['2026-01-31T12:30+02:00', Date.UTC(2026, 0, 31, 10, 30)],
    ['2026-01-31T00:30+02:00', Date.UTC(2026, 0, 30, 22, 30)],
    ['0s', nowMs],
    ['90s', nowMs - 90_000],
    ['30m', nowMs - 1_800_000],
    ['24h', nowMs - 86_400_000],
    ['7d', nowMs - 604_800_000],
    ['2w', nowMs - 1_209_600_000],
  ])('%s', (text, ms) => expect(parseMoment(text, nowMs)).toBe(ms));

  it.each([
    '',
    'yesterday',
    '2026',
    '2026-02-31',
    '2025-02-29',
    '2026-13-01',
    '2026-00-10',
    '31.01.2026',
    '2026-01-31T24:30',
    '2026-01-31T12:60',
    '2026-01-31T12',
    '2026-01-31Z',
    '1769817600000',
    '24',
    '-24h',
    '1.5h',
    '24 h',
    '24H',
    '9999999h',
    '1969-12-31',
    '2026-01-31T12:30+2:00',
  ])('is not %j', (text) => expect(parseMoment(text, nowMs)).toBeUndefined());

  it('is shown in UTC, and says so', () => {
    expect(showTime(Date.UTC(2026, 0, 31, 9, 5, 7, 999))).toBe('2026-01-31 09:05:07Z');
    expect(showPeriod({})).toBe('since the beginning');
    expect(showPeriod({ fromMs: 0, untilMs: 1000 })).toBe(
      'from 1970-01-01 00:00:00Z until before 1970-01-01 00:00:01Z',
    );
  });
});
