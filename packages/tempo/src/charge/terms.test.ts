import { MethodUnavailable } from '@farebox/protocol';
import { expect, test } from 'vitest';
import { checkTokens, priceOffer, type TokenTerms } from './terms.js';

const token = '0x20c0000000000000000000000000000000000000';
const merchant = '0x742d35Cc6634C0532925a3b844Bc9e7595f8fE00';
const other = '0xa1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5f6a1b2';
const offer = (amount: bigint, currency = token) => ({
  method: 'tempo',
  intent: 'charge',
  price: { amount, currency },
});
const price = (amount: bigint, terms: Partial<TokenTerms> = {}) =>
  priceOffer(offer(amount), checkTokens({ [token]: { recipient: merchant, ...terms } }));

test('shares are rounded down, and what comes to nothing is left out', () => {
  const splits = [
    { recipient: other, basisPoints: 333 },
    { recipient: other, amount: 5n },
  ];
  expect(price(1_000n, { splits }).splits).toEqual([
    { amount: 33n, recipient: other },
    { amount: 5n, recipient: other },
  ]);
  expect(price(20n, { splits }).splits).toEqual([{ amount: 5n, recipient: other }]);
  expect(price(0n, { splits }).splits).toEqual([]);
});

test('splits that leave nothing for the recipient are not sold', () => {
  expect(() => price(5n, { splits: [{ recipient: other, amount: 5n }] })).toThrow(MethodUnavailable);
});

test('only the tokens that are configured, in any spelling', () => {
  const tokens = checkTokens({ [token.toUpperCase().replace('0X', '0x')]: { recipient: merchant } });
  expect(priceOffer(offer(1n), tokens).token).toBe(token);
  expect(() => priceOffer(offer(1n, other), tokens)).toThrow(MethodUnavailable);
  expect(() => priceOffer(offer(1n, 'sat'), tokens)).toThrow(/cannot be priced in "sat"/);
  expect(() => priceOffer(offer(-1n), tokens)).toThrow(MethodUnavailable);
});

test.each<[string, Record<string, TokenTerms>, RegExp]>([
  ['no token', {}, /at least one token/],
  ['a token that is a name', { usd: { recipient: merchant } }, /address of a TIP-20 token/],
  ['a recipient that is none', { [token]: { recipient: 'me' } }, /recipient for 0x20c0/],
  [
    'a recipient that is the token',
    { [token]: { recipient: token } },
    /recipient for 0x20c0.* never be paid/,
  ],
  [
    'a split for the token',
    { [token]: { recipient: merchant, splits: [{ recipient: token, amount: 1n }] } },
    /split .* never be paid/,
  ],
  [
    'a split for the address of nobody',
    { [token]: { recipient: merchant, splits: [{ recipient: `0x${'00'.repeat(20)}`, amount: 1n }] } },
    /split .* never be paid/,
  ],
  [
    'a share of everything',
    { [token]: { recipient: merchant, splits: [{ recipient: other, basisPoints: 10_000 }] } },
    /basis points/,
  ],
  [
    'half a basis point',
    { [token]: { recipient: merchant, splits: [{ recipient: other, basisPoints: 0.5 }] } },
    /basis points/,
  ],
  [
    'a split of nothing',
    { [token]: { recipient: merchant, splits: [{ recipient: other, amount: 0n }] } },
    /at least one base unit/,
  ],
  [
    'a split for nobody',
    { [token]: { recipient: merchant, splits: [{ recipient: '', amount: 1n }] } },
    /address of its recipient/,
  ],
  [
    'a short memo',
    { [token]: { recipient: merchant, splits: [{ recipient: other, amount: 1n, memo: '0x00' }] } },
    /32 bytes/,
  ],
  [
    'eleven splits',
    { [token]: { recipient: merchant, splits: Array(11).fill({ recipient: other, amount: 1n }) } },
    /10 others/,
  ],
])('%s is refused when the seller is made', (_name, tokens, message) => {
  expect(() => checkTokens(tokens)).toThrow(message);
});
