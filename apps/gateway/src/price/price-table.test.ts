import { type PricedRequest, Unpriced } from '@farebox/gate';
import type { Offer } from '@farebox/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPriceTable, type PriceCondition, type PriceRow } from './price-table.js';

function sat(amount: bigint): Offer[] {
  return [{ method: 'lightning', intent: 'charge', price: { amount, currency: 'sat' } }];
}

const row = (amount: bigint, when: PriceCondition): PriceRow => ({ when, offers: sat(amount) });

const base: PricedRequest = { method: 'GET', path: '/v1/things', query: '' };
const asked = (changes: Partial<PricedRequest>): PricedRequest => ({ ...base, ...changes });
const json = (value: unknown): Buffer =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

function amountOf(rows: readonly PriceRow[], request: PricedRequest): bigint | undefined {
  return createPriceTable(rows, sat(1n))(request)[0]?.price.amount;
}

describe('a price table', () => {
  it('takes the first row that fits, and the price of the route where none does', () => {
    const rows = [row(5n, { path: '/v1/big/*' }), row(3n, { path: '/v1/*' }), row(9n, {})];
    expect(amountOf(rows, asked({ path: '/v1/big/x' }))).toBe(5n);
    expect(amountOf(rows, asked({ path: '/v1/other' }))).toBe(3n);
    expect(amountOf(rows, asked({ path: '/v2' }))).toBe(9n);
    expect(amountOf([row(5n, { path: '/v1/exact' })], asked({ path: '/v1/exact/more' }))).toBe(1n);
  });

  it('goes by method', () => {
    const rows = [row(5n, { methods: ['POST', 'PUT'] })];
    expect(amountOf(rows, asked({ method: 'PUT' }))).toBe(5n);
    expect(amountOf(rows, asked({ method: 'GET' }))).toBe(1n);
  });

  it('goes by query, decoded', () => {
    const rows = [row(5n, { query: { size: '4k', hd: '*' } })];
    expect(amountOf(rows, asked({ query: 'hd&size=4k' }))).toBe(5n);
    expect(amountOf(rows, asked({ query: 'a=b&s%69ze=%34k&hd=0' }))).toBe(5n);
    expect(amountOf(rows, asked({ query: 'size=4k' }))).toBe(1n);
    expect(amountOf(rows, asked({ query: 'size=4K&hd=1' }))).toBe(1n);
    expect(amountOf([row(5n, { query: { q: 'a b' } })], asked({ query: 'q=a+b' }))).toBe(5n);
  });

  it('goes by the JSON body, by type as well as by value', () => {
    const rows = [row(9n, { body: { '/model': 'large', '/stream': true } }), row(5n, { body: { '/n': 4 } })];
    expect(amountOf(rows, asked({ body: json({ model: 'large', stream: true }) }))).toBe(9n);
    expect(amountOf(rows, asked({ body: json({ model: 'large', stream: 'true' }) }))).toBe(1n);
    expect(amountOf(rows, asked({ body: json({ n: 4, a: ['n', { n: 5 }] }) }))).toBe(5n);
    expect(amountOf(rows, asked({ body: json({ n: '4' }) }))).toBe(1n);
    expect(
      amountOf([row(5n, { body: { '/a/0/b~1c': '*' } })], asked({ body: json({ a: [{ 'b/c': null }] }) })),
    ).toBe(5n);
    expect(amountOf([row(5n, { body: { '/constructor': '*' } })], asked({ body: json({}) }))).toBe(1n);
    expect(amountOf(rows, asked({ body: undefined }))).toBe(1n);
    expect(amountOf(rows, asked({ body: Buffer.alloc(0) }))).toBe(1n);
  });

  it('goes by size', () => {
    const rows = [row(9n, { bodyBytesMin: 1_000 }), row(5n, { bodyBytesMin: 10 })];
    expect(amountOf(rows, asked({ body: Buffer.alloc(1_000) }))).toBe(9n);
    expect(amountOf(rows, asked({ body: Buffer.alloc(999) }))).toBe(5n);
    expect(amountOf(rows, base)).toBe(1n);
  });

  it('wants all of a row', () => {
    const rows = [
      row(5n, { methods: ['POST'], path: '/v1/*', query: { a: '1' }, body: { '/b': 2 }, bodyBytesMin: 5 }),
    ];
    const all = { method: 'POST', query: 'a=1', body: json({ b: 2 }) };
    expect(amountOf(rows, asked(all))).toBe(5n);
    for (const missing of [{ method: 'GET' }, { path: '/' }, { query: 'a=2' }, { body: json({ b: 3 }) }])
      expect(amountOf(rows, asked({ ...all, ...missing }))).toBe(1n);
  });
});

describe('what a dishonest buyer might send to be quoted less', () => {
  const cheap = [row(1n, { query: { tier: 'small' } }), row(1n, { body: { '/model': 'small' } })];
  const price = (changes: Partial<PricedRequest>) =>
    createPriceTable(cheap, sat(100n))(asked(changes))[0]?.price.amount;

  it.each(['tier=small&tier=large', 'tier=large&tier=small', 'tier=small&t%69er=large'])(
    'query %s',
    (query) => {
      expect(() => price({ query })).toThrow(Unpriced);
    },
  );

  it('a query that some servers split at a semicolon, unless no row asks for a parameter', () => {
    const dear = [row(5n, { query: { format: 'pdf' } })];
    for (const query of ['x=1;format=pdf', 'format=txt;format=pdf', 'format=pdf;x=1', ';', 'a=b;'])
      expect(() => amountOf(dear, asked({ query }))).toThrow(Unpriced);
    expect(amountOf(dear, asked({ query: 'x=1%3Bformat=pdf' }))).toBe(1n);
    expect(amountOf(dear, asked({ query: 'format=pdf&x=a%3bb' }))).toBe(5n);
    expect(amountOf([row(5n, { path: '/v1/*' })], asked({ query: 'x=1;format=pdf' }))).toBe(5n);
  });

  it('a parameter twice that no row asks for is nobody’s business', () => {
    expect(price({ query: 'a=1&a=2&tier=small' })).toBe(1n);
  });

  it.each([
    ['a member twice', '{"model":"small","model":"large"}'],
    ['a member twice, spelt in two ways', '{"model":"small","mod\\u0065l":"large"}'],
    ['a member twice, further in', '{"model":"small","a":[{"b":1,"b":2}]}'],
    ['a member twice, with space before the colon', '{"model":"small","model" \n:"large"}'],
    ['a comment', '{"model":"large"/*,*/}'],
    ['a trailing comma', '{"model":"large",}'],
    ['a byte order mark', '\uFEFF{"model":"large"}'],
    ['no JSON at all', 'model=large'],
    ['half of it', '{"model":'],
  ])('a body with %s', (_, body) => {
    expect(() => price({ body: Buffer.from(body) })).toThrow(Unpriced);
  });

  it('a body in another encoding', () => {
    expect(() => price({ body: Buffer.from('{"model":"large"}', 'utf16le') })).toThrow(Unpriced);
    expect(() => price({ body: Buffer.from([0x7b, 0xff, 0x7d]) })).toThrow(Unpriced);
  });

  it('but the same text as a value, or the same name in two objects, is read as it stands', () => {
    expect(
      price({ body: json({ model: 'small', a: 'model', b: ['model', '"model":'], c: { model: 'x' } }) }),
    ).toBe(1n);
    expect(price({ body: json('[{"model":1},{"model":2}]') })).toBe(100n);
  });

  it('never is quoted for another value than every reader of JSON sees', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        const body = Buffer.from(text);
        let amount: bigint | undefined;
        try {
          amount = price({ body });
        } catch (error) {
          expect(error).toBeInstanceOf(Unpriced);
          return;
        }
        const value: unknown = JSON.parse(text);
        const small =
          typeof value === 'object' && value !== null && 'model' in value && value.model === 'small';
        expect(amount).toBe(small ? 1n : 100n);
      }),
    );
  });

  it('a body of a megabyte in one text, or of nothing but brackets', () => {
    expect(price({ body: json({ model: 'small', a: '\\"'.repeat(500_000) }) })).toBe(1n);
    expect(price({ body: Buffer.from(`${'['.repeat(5_000)}${']'.repeat(5_000)}`) })).toBe(100n);
  });
});
