import { expect, it } from 'vitest';
import { feeLimitIn, limitIn } from '../limits.js';
import { lowerLimits } from './lower-limits.js';

const usd = (amount: bigint) => ({ amount, currency: '0x20c0000000000000000000000000000000000000' });
const sat = (amount: bigint) => ({ amount, currency: 'sat' });

it('a fee limit counts in a currency for which the server has none, and leaves the others', () => {
  const { maxFee = [] } = lowerLimits({ maxFee: [usd(50n)] }, { maxFee: sat(2n) });
  expect(feeLimitIn(maxFee, 'sat')).toEqual(sat(2n));
  expect(feeLimitIn(maxFee, usd(0n).currency)).toEqual(usd(50n));
});

it('a fee limit never raises the one of the server, whatever the unit', () => {
  for (const asked of [sat(6n), { amount: 6_000n, currency: 'msat' }]) {
    const { maxFee = [] } = lowerLimits({ maxFee: [sat(5n), usd(50n)] }, { maxFee: asked });
    expect(feeLimitIn(maxFee, 'sat')).toEqual(sat(5n));
  }
  const { maxFee = [] } = lowerLimits({ maxFee: sat(5n) }, { maxFee: { amount: 4_999n, currency: 'msat' } });
  expect(feeLimitIn(maxFee, 'msat')).toEqual({ amount: 4_999n, currency: 'msat' });
});

it('a maximum opens no currency that the server was not started for', () => {
  const { max = sat(1n) } = lowerLimits({ max: [usd(50n)] }, { max: sat(2n) });
  expect([limitIn(max, 'sat'), limitIn(max, usd(0n).currency)]).toEqual([undefined, undefined]);
});
