import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amountMsatMax, readAmount, writeAmount } from './amount.js';

describe('readAmount', () => {
  it.each([
    ['1', 100_000_000_000n],
    ['21000000', amountMsatMax],
    ['1m', 100_000_000n],
    ['2500u', 250_000_000n],
    ['25m', 2_500_000_000n],
    ['1n', 100n],
    ['10n', 1_000n],
    ['10p', 1n],
    ['9678785340p', 967_878_534n],
    ['21000000000000000000p', amountMsatMax],
    ['1000u', 100_000_000n],
  ])('%s is %d msat', (text, amountMsat) => {
    expect(readAmount(text)).toEqual({ ok: true, value: amountMsat });
  });

  it.each([
    '0',
    '0m',
    '01',
    '001u',
    '-1',
    '+1',
    '1.5',
    '1e3',
    'm',
    'u',
    'p',
    '1x',
    '1mm',
    '1 ',
    ' 1',
    '1M',
    '1p',
    '25p',
    '2500000001p',
    '21000001',
    '21000000001m',
    '21000000000000000010p',
    '100000000000000000000000',
    '١',
    '1n0',
    '1\n',
  ])('refuses %j', (text) => {
    expect(readAmount(text)).toMatchObject({ ok: false, code: 'amount_malformed' });
  });
});

describe('writeAmount', () => {
  it.each([
    [1n, '10p'],
    [100n, '1n'],
    [1_000n, '10n'],
    [100_000n, '1u'],
    [250_000_000n, '2500u'],
    [100_000_000_000n, '1'],
    [amountMsatMax, '21000000'],
  ])('%d msat is %s', (amountMsat, text) => expect(writeAmount(amountMsat)).toBe(text));

  it('writes what is read back, with the largest multiplier', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: amountMsatMax }), (amountMsat) => {
        const text = writeAmount(amountMsat);
        expect(readAmount(text)).toEqual({ ok: true, value: amountMsat });
        // A thousand of one multiplier is one of the next.
        if (/[munp]$/.test(text)) expect(text).not.toMatch(/000[munp]$/);
      }),
    );
  });
});
