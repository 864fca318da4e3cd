import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acceptPaymentCharsMax, parseAcceptPayment, paymentRangesMax, rankOffers } from './accept-payment.js';
import { anyString, fuzzRuns, mutated } from './testing/arbitrary.js';

function offers(...names: string[]): { method: string; intent: string }[] {
  return names.map((name) => {
    const [method = '', intent = ''] = name.split('/');
    return { method, intent };
  });
}

function rank(header: string, ...names: string[]): string[] {
  return rankOffers(offers(...names), parseAcceptPayment(header) ?? []).map(
    ({ method, intent }) => `${method}/${intent}`,
  );
}

describe('parseAcceptPayment', () => {
  it('reads the examples of the draft', () => {
    expect(
      parseAcceptPayment('tempo/charge, tempo/session, stripe/charge;q=0.5, solana/charge;q=0.3'),
    ).toEqual([
      { method: 'tempo', intent: 'charge', weight: 1 },
      { method: 'tempo', intent: 'session', weight: 1 },
      { method: 'stripe', intent: 'charge', weight: 0.5 },
      { method: 'solana', intent: 'charge', weight: 0.3 },
    ]);
    expect(parseAcceptPayment('tempo/*, solana/*;q=0.6, */session;q=0.3')).toEqual([
      { method: 'tempo', intent: '*', weight: 1 },
      { method: 'solana', intent: '*', weight: 0.6 },
      { method: '*', intent: 'session', weight: 0.3 },
    ]);
  });

  it.each([
    ['a/b;q=0', 0],
    ['a/b;q=0.', 0],
    ['a/b;q=0.000', 0],
    ['a/b;q=0.001', 0.001],
    ['a/b;q=1', 1],
    ['a/b;q=1.', 1],
    ['a/b;q=1.000', 1],
    ['a/b \t;\t Q=0.25', 0.25],
    ['a/b-2', 1],
    ['*/*;q=0.1', 0.1],
    [', a/b, ,', 1],
    ['\ta/b\t', 1],
  ])('%j weighs %d', (header, weight) => {
    expect(parseAcceptPayment(header)).toMatchObject([{ weight }]);
  });

  it.each(['', ' ', ',,'])('an empty list: %j', (header) => {
    expect(parseAcceptPayment(header)).toEqual([]);
  });

  it.each([
    'a',
    'a/',
    '/b',
    'a/b/c',
    'A/b',
    'a1/b',
    'a/b_c',
    'a /b',
    'a/ b',
    'a/b c/d',
    'a*/b',
    'a/**',
    'a/b;q',
    'a/b;q=',
    'a/b;q=2',
    'a/b;q=1.1',
    'a/b;q=1.001',
    'a/b;q=0.1234',
    'a/b;q=.5',
    'a/b;q=-0.5',
    'a/b;q="0.5"',
    'a/b;q =0.5',
    'a/b;q= 0.5',
    'a/b;x=1',
    'a/b;q=0.5;x=1',
    'a/b;q=NaN',
    'a/b; c/d',
    'a/b\u00a0',
    'a/b\n',
    'a/b, c',
  ])('refuses %j', (header) => {
    expect(parseAcceptPayment(header)).toBeUndefined();
  });

  it('bounds the length and the number', () => {
    const many = (count: number) => Array.from({ length: count }, () => 'a/b').join(',');
    expect(parseAcceptPayment(many(paymentRangesMax))).toHaveLength(paymentRangesMax);
    expect(parseAcceptPayment(many(paymentRangesMax + 1))).toBeUndefined();
    expect(parseAcceptPayment(`a/b${' '.repeat(acceptPaymentCharsMax)}`)).toBeUndefined();
    expect(parseAcceptPayment(`a/b${' '.repeat(acceptPaymentCharsMax - 3)}`)).toHaveLength(1);
  });

  it('never throws, and gives weights between 0 and 1', () => {
    const valid = fc.constantFrom('tempo/charge, */session;q=0.5', 'a/*;q=0.123,b/c', '*/*');
    fc.assert(
      fc.property(
        fc.oneof(anyString, mutated(valid), fc.string({ unit: fc.constantFrom(...'a*/;q=01., \t') })),
        (header) => {
          for (const { weight } of parseAcceptPayment(header) ?? []) {
            expect(weight >= 0 && weight <= 1).toBe(true);
          }
        },
      ),
      fuzzRuns,
    );
  });
});

describe('rankOffers', () => {
  it('follows the examples of the draft', () => {
    expect(
      rank(
        'tempo/*, solana/*;q=0.6, stripe/charge;q=0.2',
        'stripe/charge',
        'tempo/session',
        'solana/charge',
        'tempo/charge',
      ),
    ).toEqual(['tempo/session', 'tempo/charge', 'solana/charge', 'stripe/charge']);
    expect(
      rank(
        'tempo/charge, tempo/session;q=0, solana/charge;q=0.8, stripe/charge;q=0.4',
        'tempo/charge',
        'tempo/session',
        'solana/charge',
        'stripe/charge',
      ),
    ).toEqual(['tempo/charge', 'solana/charge', 'stripe/charge']);
  });

  it('keeps the order of the server among equals', () => {
    expect(rank('b/x, a/x', 'a/x', 'b/x')).toEqual(['a/x', 'b/x']);
    expect(rank('*/*;q=0.5', 'c/x', 'a/x', 'b/x')).toEqual(['c/x', 'a/x', 'b/x']);
  });

  it('lets the most specific range decide, wherever it stands', () => {
    expect(
      rank('*/*;q=0.1, */charge;q=0.2, a/*;q=0.3, a/charge;q=0.4', 'z/z', 'z/charge', 'a/z', 'a/charge'),
    ).toEqual(['a/charge', 'a/z', 'z/charge', 'z/z']);
    expect(rank('a/charge;q=0, a/*, */*', 'a/charge', 'a/session', 'b/charge')).toEqual([
      'a/session',
      'b/charge',
    ]);
    expect(rank('*/*, lightning/*;q=0', 'lightning/charge', 'tempo/charge')).toEqual(['tempo/charge']);
    expect(rank('*/charge, lightning/*;q=0', 'lightning/charge', 'tempo/charge')).toEqual(['tempo/charge']);
  });

  it('takes the first of two equal ranges', () => {
    expect(rank('a/x;q=0.1, b/x;q=0.5, a/x', 'a/x', 'b/x')).toEqual(['b/x', 'a/x']);
  });

  it('ignores preferences that leave nothing, as the draft allows', () => {
    expect(rank('stripe/charge', 'lightning/charge', 'tempo/charge')).toEqual([
      'lightning/charge',
      'tempo/charge',
    ]);
    expect(rank('*/*;q=0', 'lightning/charge')).toEqual(['lightning/charge']);
    expect(rank('', 'lightning/charge')).toEqual(['lightning/charge']);
    expect(rank('a/b')).toEqual([]);
  });

  it('compares intents case by case and leaves its input alone', () => {
    const given = offers('a/x', 'b/y');
    const ranked = rankOffers(given, parseAcceptPayment('b/y, a/X') ?? []);
    expect(ranked).toEqual([given[1]]);
    expect(given).toEqual(offers('a/x', 'b/y'));
  });
});
