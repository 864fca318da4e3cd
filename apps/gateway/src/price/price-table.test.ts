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

  it.each([
    ...['tier=small&tier=large', 'tier=large&tier=small', 'tier=small&t%69er=large'],
    ...[
      'TIER=large',
      'tier=small&Tier=large',
      'tier[]=large',
      'tier=small&tier[]=large',
      'tier%5B0%5D=large',
    ],
    ...['[tier]=large', '+tier=large', '%EF%BD%94ier=large'],
  ])('query %s', (query) => {
    expect(() => price({ query })).toThrow(Unpriced);
  });

  it('a parameter of another name is nobody’s business, and one in another spelling that a row asks for is its own', () => {
    expect(price({ query: 'tier=small&tiers=large&a[tier]=large&tier.x=1&[]=2' })).toBe(1n);
    const both = [row(5n, { query: { size: '4k' } }), row(9n, { query: { SIZE: '4k', 'a[]': '*' } })];
    expect(amountOf(both, asked({ query: 'SIZE=4k&a[]=1' }))).toBe(9n);
    expect(amountOf(both, asked({ query: 'size=4k&SIZE=4k' }))).toBe(5n);
  });

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
    ['a member that some take for the one', '{"Model":"large"}'],
    ['both', '{"model":"small","MODEL":"large"}'],
    ['both, in letters that look alike', '{"model":"small","\uFF4Dodel":"large"}'],
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
    expect(price({ body: json({ model: 'small', a: { Model: 1 }, models: 1, b: 1, B: 2 }) })).toBe(1n);
  });

  it('a member in another spelling anywhere on the way to what a row asks for', () => {
    const rows = [row(5n, { body: { '/a/0/b~1c': 1, '/x': 2 } })];
    for (const body of [{ A: [] }, { a: [{ 'B/c': 1 }] }, { a: [{ 'b/c': 1, 'b/C': 1 }] }, { X: 2 }])
      expect(() => amountOf(rows, asked({ body: json(body) })), JSON.stringify(body)).toThrow(Unpriced);
    expect(amountOf(rows, asked({ body: json({ a: [{ 'b/c': 1, d: { 'B/c': 1 } }], x: 2 }) }))).toBe(5n);
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

  it('a body of a megabyte in one text', () => {
    expect(price({ body: json({ model: 'small', a: '\\"'.repeat(500_000) }) })).toBe(1n);
  });
});

describe('a path that a server may take for another', () => {
  const refuses = (rows: readonly PriceRow[], path: string) =>
    expect(() => amountOf(rows, asked({ path })), path).toThrow(Unpriced);

  it('is not sold where a row costs something else', () => {
    const rows = [row(100n, { path: '/v1/reports' }), row(9n, { path: '/v1/big/*' })];
    for (const path of [
      '/v1/Reports',
      '/v1/reports/',
      '/V1/reports',
      '/v1/reports;v=1',
      '/v1/reports%3Fx',
      '/v1/reports%23x',
      '/v1/reports.',
      '/v1/%EF%BD%92eports',
      '/v1/BIG/x',
      '/v1/big;a/x',
    ])
      refuses(rows, path);
    expect(amountOf(rows, asked({ path: '/v1/reports' }))).toBe(100n);
    expect(amountOf(rows, asked({ path: '/v1/big/Things' }))).toBe(9n);
  });

  it('nor where the cheaper row fits the spelling alone', () => {
    const rows = [row(1n, { path: '/v1/pub/*' })];
    const dear = createPriceTable(rows, sat(100n));
    expect(() => dear(asked({ path: '/v1/pub/..%3B/dear' }))).toThrow(Unpriced);
    expect(dear(asked({ path: '/v1/pub/x' }))[0]?.price.amount).toBe(1n);
  });

  it('is sold where it makes no difference', () => {
    const rows = [
      row(100n, { path: '/v1/reports', methods: ['POST'] }),
      row(7n, { path: '/v1/file.*' }),
      row(5n, { path: '/v1/caf%C3%A9' }),
      row(3n, { path: '/v1/Users/*' }),
    ];
    const at = (path: string) => amountOf(rows, asked({ path }));
    expect([at('/v1/reports'), at('/v1/Reports'), at('/v1/reports/')]).toEqual([1n, 1n, 1n]);
    expect([at('/v1/file.txt'), at('/v1/files'), at('/v1/filed')]).toEqual([7n, 1n, 1n]);
    expect([at('/v1/caf%C3%A9'), at('/v1/Other;v=1'), at('/V2/')]).toEqual([5n, 1n, 1n]);
    expect([at('/v1/Users/Ann'), at('/v1/Users/Ann/')]).toEqual([3n, 3n]);
    for (const path of ['/v1/users/Ann', '/v1/CAF%C3%89', '/v1/File.txt']) refuses(rows, path);
  });

  it('is sold by an earlier row that fits it anyhow', () => {
    const rows = [row(9n, { path: '/v1/*' }), row(5n, { path: '/v1/Reports' })];
    expect(amountOf(rows, asked({ path: '/v1/reports' }))).toBe(9n);
  });
});
