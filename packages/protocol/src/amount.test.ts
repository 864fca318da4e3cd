import { describe, expect, it } from 'vitest';
import { formatAmount, sameAmount } from './amount.js';

describe('amounts', () => {
  it('are written for people', () => {
    expect(formatAmount({ amount: 1n, currency: 'sat' })).toBe('1 sat');
    expect(formatAmount({ amount: 2n ** 70n, currency: 'usd' })).toBe('1180591620717411303424 usd');
  });

  it('are the same only in the same currency', () => {
    expect(sameAmount({ amount: 1n, currency: 'sat' }, { amount: 1n, currency: 'sat' })).toBe(true);
    expect(sameAmount({ amount: 1n, currency: 'sat' }, { amount: 1n, currency: 'msat' })).toBe(false);
    expect(sameAmount({ amount: 1n, currency: 'sat' }, { amount: 2n, currency: 'sat' })).toBe(false);
  });
});
