import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { collectAmount, parseAmountOption } from './amount-option.js';
import { formatUnits, parseUnits, pathUsd, readTokens, showAmount } from './tempo/tokens.js';

const usdc = { name: 'USDC', address: `0x20c0${'1'.repeat(36)}` } as const;
const tokens = [pathUsd, usdc];

describe('parseAmountOption', () => {
  it.each([
    ['100sat', 100n, 'sat'],
    ['1 sats', 1n, 'sat'],
    ['1_500 MSAT', 1_500n, 'msat'],
    ['0.05pathUSD', 50_000n, pathUsd.address],
    ['1 pathusd', 1_000_000n, pathUsd.address],
    ['0.000001USDC', 1n, usdc.address],
    [`2.5 ${usdc.address.toUpperCase().replace('0X', '0x')}`, 2_500_000n, usdc.address],
    ['999999999999.999999 pathUSD', 999_999_999_999_999_999n, pathUsd.address],
  ])('%s', (text, amount, currency) => {
    expect(parseAmountOption(text, tokens)).toEqual({ amount, currency });
  });

  it.each([
    '100',
    '',
    'sat',
    '-1sat',
    '1.5sat',
    '0.0000001pathUSD',
    '1e6pathUSD',
    '.5pathUSD',
    '5.pathUSD',
    '1_000pathUSD',
    '0x10pathUSD',
    '1 dollar',
    '1 usd',
    '5 0x20c0',
    '1.2.3pathUSD',
    '99999999999999999999sat',
    '1 pathUSD extra',
  ])('refuses %j', (text) => {
    expect(() => parseAmountOption(text, tokens)).toThrow(InvalidArgumentError);
  });

  it('keeps one amount for each currency, the last', () => {
    const amounts = ['5sat', '0.1pathUSD', '7sat'].reduce(
      (list: ReturnType<typeof collectAmount>, text) => collectAmount(text, list),
      [],
    );
    expect(amounts).toEqual([
      { amount: 100_000n, currency: pathUsd.address },
      { amount: 7n, currency: 'sat' },
    ]);
  });
});

describe('amounts of tokens', () => {
  it.each([0n, 1n, 10n, 999_999n, 1_000_000n, 1_234_567n, 10n ** 17n])(
    '%d is read as it is written',
    (units) => {
      expect(parseUnits(formatUnits(units))).toBe(units);
    },
  );

  it('are shown with their name, or with their address in base units', () => {
    expect(showAmount({ amount: 10_000n, currency: pathUsd.address.toUpperCase() }, tokens)).toBe(
      '0.01 pathUSD',
    );
    expect(showAmount({ amount: 3n, currency: 'sat' }, tokens)).toBe('3 sat');
    const stranger = `0x20c0${'9'.repeat(36)}`;
    expect(showAmount({ amount: 3n, currency: stranger }, tokens)).toBe(`3 ${stranger}`);
  });

  it('are allowed by name: pathUSD, or what the environment says', () => {
    expect(readTokens({})).toEqual([pathUsd]);
    expect(readTokens({ FAREBOX_TEMPO_TOKENS: `pathUSD, USDC=${usdc.address}` })).toEqual(tokens);
  });
});
