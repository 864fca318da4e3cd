import { describe, expect, it } from 'vitest';
import { FAREBOX_PROBLEM_BASE, PROBLEM_BASE, problem, problemKind, problemTable } from './problem.js';

describe('problem', () => {
  it('without members is one object that cannot be changed', () => {
    expect(problem('payment-required')).toBe(problem('payment-required'));
    expect(Object.isFrozen(problem('payment-required'))).toBe(true);
    expect(problem('payment-required', {})).not.toBe(problem('payment-required'));
  });

  // core §"Error Codes"; titles as in its examples.
  it.each([
    ['payment-required', 402, 'Payment Required'],
    ['payment-insufficient', 402, 'Payment Insufficient'],
    ['payment-expired', 402, 'Payment Expired'],
    ['verification-failed', 402, 'Payment Verification Failed'],
    ['method-unsupported', 400, 'Method Unsupported'],
    ['malformed-credential', 402, 'Malformed Credential'],
    ['invalid-challenge', 402, 'Invalid Challenge'],
    ['invalid-credential', 403, 'Forbidden'],
    ['lightning/malformed-credential', 402, 'Malformed Credential'],
    ['lightning/unknown-challenge', 402, 'Unknown Challenge'],
    ['lightning/invalid-preimage', 402, 'Invalid Preimage'],
    ['lightning/expired-invoice', 402, 'Expired Invoice'],
  ] as const)('%s is a type of the specifications', (kind, status, title) => {
    expect(problem(kind)).toMatchObject({ type: `https://paymentauth.org/problems/${kind}`, status, title });
  });

  it.each([
    ['bad-request', 400],
    ['not-found', 404],
    ['in-progress', 409],
    ['outcome-unknown', 409],
    ['body-too-large', 413],
    ['too-many-requests', 429],
    ['internal-error', 500],
    ['payment-service-unavailable', 500],
    ['upstream-failed', 502],
    ['upstream-unreachable', 503],
    ['upstream-timeout', 504],
  ] as const)('%s is a type of our own', (kind, status) => {
    expect(problem(kind)).toMatchObject({ type: `https://farebox.dev/problems/${kind}`, status });
  });

  it('has the titles that are promised', () => {
    expect(problem('payment-service-unavailable').title).toBe('Payment service unavailable');
    expect(problem('invalid-credential').title).toBe('Forbidden');
  });

  it('takes members and lets them win', () => {
    const made = problem('payment-service-unavailable', {
      status: 503,
      retry: 'same-credential',
      challengeId: 'a1',
      x: 1,
    });
    expect(made).toEqual({
      type: 'https://farebox.dev/problems/payment-service-unavailable',
      title: 'Payment service unavailable',
      status: 503,
      detail: 'No payment can be taken at the moment; nothing was charged, try again later.',
      retry: 'same-credential',
      challengeId: 'a1',
      x: 1,
    });
    expect(Object.keys(made).slice(0, 4)).toEqual(['type', 'title', 'status', 'detail']);
  });

  it('refuses a kind that does not exist', () => {
    // The type forbids it; a caller in plain JavaScript can still do it.
    expect(() => problem('toString' as 'not-found')).toThrow(TypeError);
  });

  it('finds the kind of a type', () => {
    for (const { kind, type } of problemTable) expect(problemKind(type)).toBe(kind);
    expect(problemKind('about:blank')).toBeUndefined();
    expect(problemKind('toString')).toBeUndefined();
  });
});

describe('the table of problems', () => {
  it('has every kind once, under one of two bases', () => {
    expect(new Set(problemTable.map(({ kind }) => kind)).size).toBe(problemTable.length);
    for (const { kind, type } of problemTable) {
      expect([PROBLEM_BASE + kind, FAREBOX_PROBLEM_BASE + kind]).toContain(type);
    }
  });

  it('gives each one sentence that says what to do', () => {
    for (const { detail } of problemTable) expect(detail).toMatch(/^[A-Z][^.]*\.$/);
  });

  it('never advises to start over where a credential was presented', () => {
    const safe = problemTable.filter(({ retry }) => retry === 'safe').map(({ kind }) => kind);
    expect(safe).toEqual(['payment-required', 'too-many-requests', 'payment-service-unavailable']);
  });
});
