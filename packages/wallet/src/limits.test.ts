import { describe, expect, it } from 'vitest';
import { exceeds, feeLimitIn, limitIn } from './limits.js';

const amount = (units: bigint, currency: string) => ({ amount: units, currency });

describe('exceeds', () => {
  it('compares sat with msat in msat', () => {
    expect(exceeds(amount(1n, 'sat'), amount(1000n, 'msat'))).toBe(false);
    expect(exceeds(amount(1001n, 'msat'), amount(1n, 'sat'))).toBe(true);
    expect(exceeds(amount(2n, 'sat'), amount(1n, 'sat'))).toBe(true);
  });

  it('does not compare what cannot be compared', () => {
    expect(exceeds(amount(1n, 'usd'), amount(100n, 'sat'))).toBeUndefined();
    expect(exceeds(amount(1n, 'usd'), amount(1n, 'usd'))).toBe(false);
  });
});

describe('limits in several currencies', () => {
  const limits = [amount(100n, 'sat'), amount(50n, '0xAB'), amount(7n, 'usd')];

  it('are found by the currency of the cost', () => {
    expect(limitIn(limits, 'msat')).toEqual(amount(100n, 'sat'));
    expect(limitIn(limits, '0xab')).toEqual(amount(50n, '0xAB'));
    expect(limitIn(limits, 'eur')).toBeUndefined();
    expect(limitIn(amount(1n, 'usd'), 'usd')).toEqual(amount(1n, 'usd'));
  });

  it('allow no fee where none was named', () => {
    expect(feeLimitIn(limits, 'usd')).toEqual(amount(7n, 'usd'));
    expect(feeLimitIn([], 'usd')).toEqual(amount(0n, 'usd'));
  });
});
