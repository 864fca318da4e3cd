import { describe, expect, it } from 'vitest';
import { exceeds } from './limits.js';

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
