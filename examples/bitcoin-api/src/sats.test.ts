import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bitcoinToSats } from './sats.js';

const allSats = 2_100_000_000_000_000n;

describe('bitcoinToSats', () => {
  it.each([
    ['0', 0n],
    ['0.00000000', 0n],
    ['-0.00000000', 0n],
    ['0.00000001', 1n],
    ['1e-8', 1n],
    ['1E-08', 1n],
    ['2.5e-7', 25n],
    ['0.29', 29_000_000n],
    ['0.57', 57_000_000n],
    ['1.15', 115_000_000n],
    ['50', 5_000_000_000n],
    ['5e1', 5_000_000_000n],
    ['20999999.97690000', 2_099_999_997_690_000n],
    ['21000000', allSats],
    ['0.30000000000000004', 30_000_000n],
    ['0.000000005', 1n],
    ['0.0000000049', 0n],
  ])('reads %s', (text, sats) => {
    expect(bitcoinToSats(text)).toBe(sats);
  });

  it.each([
    '',
    '-1',
    '-0.00000001',
    '21000000.00000001',
    '1e9',
    '1e999',
    '0x10',
    '1_0',
    ' 1',
    '1.',
    '.5',
    'NaN',
    'Infinity',
    `0.${'0'.repeat(50)}1`,
  ])('refuses %j', (text) => {
    expect(bitcoinToSats(text)).toBeUndefined();
  });

  it('reads every amount there can be, as Bitcoin Core writes it and as a float prints', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: allSats }), (sats) => {
        const whole = sats / 100_000_000n;
        const fraction = String(sats % 100_000_000n).padStart(8, '0');
        expect(bitcoinToSats(`${whole}.${fraction}`)).toBe(sats);
        expect(bitcoinToSats(JSON.stringify(Number(sats) / 1e8))).toBe(sats);
      }),
    );
  });
});
