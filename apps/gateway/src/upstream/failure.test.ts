import { describe, expect, it } from 'vitest';
import { isStaleConnection, judgeFailure, judgeStatus, type Stage } from './failure.js';

function error(code: string): Error {
  return Object.assign(new Error(code), { code });
}

describe('failures, row by row', () => {
  const rows: readonly [Stage, string, 'once' | 'repeatable', string, string][] = [
    ['unsent', 'upstream_connect_timeout', 'once', 'release', 'unreachable'],
    ['unsent', 'upstream_connect_timeout', 'repeatable', 'release', 'unreachable'],
    ['unsent', 'ECONNREFUSED', 'once', 'release', 'unreachable'],
    ['unsent', 'ENOTFOUND', 'repeatable', 'release', 'unreachable'],
    ['sent', 'upstream_headers_timeout', 'once', 'unknown', 'timeout'],
    ['sent', 'upstream_headers_timeout', 'repeatable', 'release', 'timeout'],
    ['sent', 'upstream_closed', 'once', 'unknown', 'broken'],
    ['sent', 'ECONNRESET', 'repeatable', 'release', 'broken'],
    ['answering', 'upstream_idle_timeout', 'once', 'unknown', 'timeout'],
    ['answering', 'upstream_idle_timeout', 'repeatable', 'release', 'timeout'],
    ['answering', 'upstream_closed', 'once', 'unknown', 'broken'],
    ['answering', 'upstream_closed', 'repeatable', 'release', 'broken'],
  ];
  it.each(rows)('%s, %s, %s: %s %s', (stage, code, effect, payment, failure) => {
    for (const one of effect === 'once' ? (['once'] as const) : (['safe', 'idempotent'] as const)) {
      expect(judgeFailure(stage, error(code), one)).toEqual({ payment, failure });
    }
  });
});

describe('statuses, row by row', () => {
  it.each([200, 204, 206, 301, 304, 400, 401, 403, 404, 409, 429, 499])('%d passes', (status) => {
    for (const effect of ['safe', 'idempotent', 'once'] as const)
      expect(judgeStatus(status, effect)).toBeUndefined();
  });

  const rows: readonly [number, string, string, string][] = [
    [402, 'release', 'release', 'refused'],
    [500, 'release', 'release', 'refused'],
    [501, 'release', 'release', 'refused'],
    [502, 'unknown', 'release', 'refused'],
    [503, 'release', 'release', 'unreachable'],
    [504, 'unknown', 'release', 'timeout'],
    [599, 'release', 'release', 'refused'],
  ];
  it.each(rows)('%d: once %s, otherwise %s, told as %s', (status, once, repeatable, failure) => {
    expect(judgeStatus(status, 'once')).toEqual({ payment: once, failure });
    expect(judgeStatus(status, 'safe')).toEqual({ payment: repeatable, failure });
    expect(judgeStatus(status, 'idempotent')).toEqual({ payment: repeatable, failure });
  });
});

describe('a stale connection', () => {
  it('is one that broke after sending and before any answer', () => {
    expect(isStaleConnection('sent', error('ECONNRESET'))).toBe(true);
    expect(isStaleConnection('sent', error('upstream_closed'))).toBe(true);
    expect(isStaleConnection('answering', error('ECONNRESET'))).toBe(false);
    expect(isStaleConnection('unsent', error('ECONNREFUSED'))).toBe(false);
    expect(isStaleConnection('sent', error('upstream_headers_timeout'))).toBe(false);
  });
});
