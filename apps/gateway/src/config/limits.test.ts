import { describe, expect, it } from 'vitest';
import { ConfigError } from './error.js';
import { checkConfig } from './load.js';

const base = {
  realm: 'x',
  upstreams: { a: 'http://a.test' },
  lightning: { node: { kind: 'devnet' } },
  routes: [{ match: 'POST /', upstream: 'a', price: '1 sat' }],
};

function config(more: Record<string, unknown> = {}) {
  return checkConfig({ ...base, ...more }, { directory: '/shop' });
}

function routes(route: Record<string, unknown>, more: Record<string, unknown> = {}) {
  return config({ ...more, routes: [{ match: 'POST /', upstream: 'a', price: '1 sat', ...route }] }).routes;
}

function faultsOf(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('It was accepted.');
}

const lightning = (price: bigint, currency = 'sat') => [
  { method: 'lightning', intent: 'charge', price: { amount: price, currency } },
];

describe('limits', () => {
  it('have defaults that hold a flood, and none of the trust that a flood could use', () => {
    expect(config()).toMatchObject({
      trustedProxies: [],
      mintBudget: { client: { perSecond: 10, burst: 100 }, global: { perSecond: 100, burst: 500 } },
      pool: { size: undefined, ageMsMax: undefined },
      rates: [],
    });
  });

  it('keep claims for as long as a late credential may still be judged', () => {
    expect(faultsOf(() => config({ redemption: { keep_claims: '7d' } }))).toContain('from 8d');
    expect(config({ redemption: { keep_claims: '8d' } }).redemption.acceptPaidInTime).toBe(false);
    expect(config({ redemption: { paid_in_time: 'accept' } }).redemption.acceptPaidInTime).toBe(true);
  });

  it('are set one by one, or off', () => {
    const set = config({
      trusted_proxies: ['10.0.0.0/8', '::1'],
      mint_budget: { client: { per_second: 0.5, burst: 5 } },
      lightning: { ...base.lightning, pool: { size: 8, age: '5m' } },
    });
    expect(set).toMatchObject({
      trustedProxies: [
        { address: '10.0.0.0', prefix: 8, family: 'ipv4' },
        { address: '::1', prefix: 128, family: 'ipv6' },
      ],
      mintBudget: { client: { perSecond: 0.5, burst: 5 }, global: { perSecond: 100, burst: 500 } },
      pool: { size: 8, ageMsMax: 300_000 },
    });
    const off = config({ mint_budget: 'off', lightning: { ...base.lightning, pool: 'off' } });
    expect(off.mintBudget).toBeUndefined();
    expect(off.pool).toBeUndefined();
  });

  it('that are none are refused by name', () => {
    expect(faultsOf(() => config({ trusted_proxies: ['10.0.0.0/33'] }))).toMatch(
      /trusted_proxies\[0\].*10\.0\.0\.0\/8/,
    );
    expect(faultsOf(() => config({ trusted_proxies: ['everyone'] }))).toMatch(/trusted_proxies\[0\]/);
    const budget = { client: { per_second: 0, burst: 1 } };
    expect(faultsOf(() => config({ mint_budget: budget }))).toMatch(/mint_budget\.client\.per_second/);
    const pool = { size: 8, age: '5s' };
    expect(faultsOf(() => config({ lightning: { ...base.lightning, pool } }))).toMatch(/10s to 24h/);
  });
});

describe('rates', () => {
  it('make prices in their currency possible', () => {
    const rates = { USD: { fixed: 65_000 } };
    expect(routes({ price: '0.002 USD' }, { rates })[0]?.offers).toEqual(lightning(2_000n, 'micro-USD'));
    expect(faultsOf(() => routes({ price: '0.002 EUR' }, { rates }))).toMatch(
      /EUR, which is not under tempo\.tokens or rates/,
    );
    expect(faultsOf(() => routes({ price: '0.0000001 USD' }, { rates }))).toMatch(/more than 6 digits/);
    expect(faultsOf(() => routes({ price: '0.0 USD' }, { rates }))).toMatch(/is nothing/);
    expect(faultsOf(() => routes({ price: ['1 sat', '0.002 USD'] }, { rates }))).toMatch(
      /one way of paying twice/,
    );
    expect(
      faultsOf(() =>
        config({ rates, lightning: undefined, routes: [{ ...base.routes[0], price: '1 USD' }] }),
      ),
    ).toMatch(/lightning: is required/);
  });

  it('come from a file, a URL or the configuration itself', () => {
    const rates = {
      USD: { fixed: '65000.5' },
      EUR: { file: 'eur.json', at: '/rate', as_of: '/time' },
      GBP: { url: 'https://rates.test/btc?key=1', every: '30s', max_age: '2m' },
    };
    expect(config({ rates }).rates).toEqual([
      { kind: 'fixed', currency: 'USD', perBtc: { units: 650_005n, scale: 1 } },
      {
        kind: 'read',
        currency: 'EUR',
        everyMs: 60_000,
        ageMsMax: 900_000,
        place: { kind: 'file', from: '/shop/eur.json', at: '/rate', asOf: '/time' },
      },
      {
        kind: 'read',
        currency: 'GBP',
        everyMs: 30_000,
        ageMsMax: 120_000,
        place: { kind: 'url', from: 'https://rates.test/btc?key=1', at: '', asOf: undefined },
      },
    ]);
  });

  it('that could not be trusted or would never be fresh are refused', () => {
    expect(faultsOf(() => config({ rates: { USD: { url: 'http://rates.test/' } } }))).toMatch(/https/);
    expect(faultsOf(() => config({ rates: { USD: { fixed: 0 } } }))).toMatch(/above 0/);
    expect(faultsOf(() => config({ rates: { dollars: { fixed: 1 } } }))).toMatch(/USD/);
    expect(faultsOf(() => config({ rates: { USD: { file: 'a', every: '10m', max_age: '5m' } } }))).toMatch(
      /longer than every/,
    );
    const tokens = { USD: { address: `0x${'0'.repeat(40)}`, recipient: `0x${'1'.repeat(40)}` } };
    const tempo = { rpc: 'http://127.0.0.1:1', tokens };
    expect(faultsOf(() => config({ tempo, rates: { USD: { fixed: 1 } } }))).toMatch(/another name/);
  });
});

describe('msat', () => {
  it('is a price where it makes whole satoshis', () => {
    expect(routes({ price: '2000 msat' })[0]?.offers).toEqual(lightning(2n));
    expect(faultsOf(() => routes({ price: '250 msat' }))).toMatch(/whole satoshis/);
  });
});

describe('a table of prices', () => {
  it('is read row by row', () => {
    const prices = [
      { when: { method: 'POST', path: '/big/*', body_bytes: 10 }, price: '5 sat' },
      {
        when: { method: ['PUT', 'POST'], query: { size: '4k' }, body: { '/model': 'large', '/n': 2 } },
        price: '9 sat',
      },
    ];
    expect(routes({ prices })[0]?.priceRows).toEqual([
      { when: { methods: ['POST'], path: '/big/*', bodyBytesMin: 10 }, offers: lightning(5n) },
      {
        when: { methods: ['PUT', 'POST'], query: { size: '4k' }, body: { '/model': 'large', '/n': 2 } },
        offers: lightning(9n),
      },
    ]);
    expect(routes({})[0]?.priceRows).toEqual([]);
  });

  it('gives nothing away, and is paid as the route is', () => {
    const when = { method: 'POST' };
    expect(faultsOf(() => routes({ prices: [{ when, price: 'free' }] }))).toMatch(/a route of its own/);
    expect(faultsOf(() => routes({ price: 'free', prices: [{ when, price: '1 sat' }] }))).toMatch(
      /beside price: free/,
    );
    expect(faultsOf(() => routes({ prices: [{ when: {}, price: '1 sat' }] }))).toMatch(
      /one or more of method/,
    );
    expect(faultsOf(() => routes({ prices: [{ when: { body: { model: 'x' } }, price: '1 sat' }] }))).toMatch(
      /JSON pointer/,
    );
    expect(faultsOf(() => routes({ prices: [{ when: { colour: 'red' }, price: '1 sat' }] }))).toMatch(
      /not a known key/,
    );
    const tempo = {
      rpc: 'http://127.0.0.1:1',
      tokens: { pathUSD: { address: `0x${'0'.repeat(40)}`, recipient: `0x${'1'.repeat(40)}` } },
    };
    const prices = [{ when, price: '0.01 pathUSD' }];
    expect(faultsOf(() => routes({ prices }, { tempo }))).toMatch(
      /is paid by tempo, which the price of the route is not/,
    );
  });
});
