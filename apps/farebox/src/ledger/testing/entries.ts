import { type Entry, MOVEMENTS } from '@farebox/ledger';
import fc from 'fast-check';

const name = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 30 })
  .filter((text) => !/[\p{Surrogate}\0]/u.test(text));

/** Names as they come, and names that are made to be taken for others or for syntax. */
const route = fc.oneof(
  name,
  fc.constantFrom(
    'GET /v1/a',
    'GET /v1 a',
    'GET_/v1/a',
    'get /v1/a',
    '"',
    '\\',
    '\\"',
    'a\nb',
    'a,b',
    '=1+1',
  ),
);
const method = fc.oneof(fc.constantFrom('lightning', 'tempo', 'Lightning', 'tempo-2', 'tempo_2'), name);
const currency = fc.oneof(
  fc.constantFrom('sat', 'msat', 'usd', 'USD', 'SAT', `0x20c0${'0'.repeat(35)}1`, `0x20c0${'0'.repeat(35)}2`),
  name,
);

/** Any entry that a ledger could hold. */
export const anyEntry: fc.Arbitrary<Entry> = fc
  .record({
    movement: fc.constantFrom(...MOVEMENTS),
    atMs: fc.integer({ min: 0, max: Date.UTC(2199, 0) }),
    seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    method,
    route,
    rate: fc.option(
      fc.record({
        price: fc.constantFrom('0.002', '1', '100.5'),
        currency: fc.constantFrom('USD', 'EUR'),
        rate: fc.constantFrom('65012.5', '1'),
        unit: fc.constant('BTC'),
        asOfMs: fc.integer({ min: 0, max: Date.UTC(2199, 0) }),
      }),
      { nil: undefined },
    ),
    amount: fc.record({ amount: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), currency }),
  })
  .map(({ movement, ...entry }) => ({ ...movement, ...entry }));
