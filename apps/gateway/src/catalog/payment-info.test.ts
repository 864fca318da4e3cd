import { describe, expect, it } from 'vitest';
import { build, operationAt, textOf } from './testing/build.js';

// draft-payment-discovery-00 §"Payment Offer Object", and that prices are shown exactly as they are configured.

const pathUsd = '0x20c0000000000000000000000000000000000000';
const tempo = {
  rpc: 'http://127.0.0.1:8545',
  tokens: { pathUSD: { address: pathUsd, recipient: `0x${'1'.repeat(40)}` } },
};
const rates = { USD: { fixed: 65_000 } };

/** The offers of a route, and what its page says that it costs. */
async function shown(route: object): Promise<{ offers: unknown; page: string }> {
  const match = 'GET /v1/thing';
  const catalog = await build({
    tempo,
    rates,
    routes: [{ match, upstream: 'api', price: '1 sat', ...route }],
  });
  const info = operationAt(catalog, 'get', '/v1/thing')?.['x-payment-info'];
  return { offers: info, page: textOf(catalog, '/docs/api/thing.md') };
}

const sat = { intent: 'charge', method: 'lightning', currency: 'sat' };
const token = { intent: 'charge', method: 'tempo', currency: pathUsd };

describe('x-payment-info and the page', () => {
  it.each([
    ['satoshis', { price: '1 sat' }, [{ ...sat, amount: '1', description: '1 sat' }], '**1 sat**'],
    ['millisatoshis', { price: '3000 msat' }, [{ ...sat, amount: '3', description: '3 sat' }], '**3 sat**'],
    [
      'a token, in base units',
      { price: '0.01 pathUSD' },
      [{ ...token, amount: '10000', description: '0.01 pathUSD on Tempo' }],
      '**0.01 pathUSD on Tempo**',
    ],
    [
      'a choice',
      { price: ['21 sat', '1.5 pathUSD'] },
      [
        { ...token, amount: '1500000', description: '1.5 pathUSD on Tempo' },
        { ...sat, amount: '21', description: '21 sat' },
      ],
      '**21 sat or 1.5 pathUSD on Tempo**',
    ],
    [
      'a currency: not known before it is asked for',
      { price: '0.002 USD' },
      [{ ...sat, amount: null, description: '0.002 USD in satoshis, at the rate of the moment' }],
      '**0.002 USD in satoshis, at the rate of the moment**',
    ],
    [
      'the first requests free',
      { price: '1 sat', free: { requests: 5, per: 'hour' } },
      [{ ...sat, amount: '1', description: '1 sat; the first 5 requests of a client in an hour are free' }],
      '**1 sat (the first 5 requests of a client in an hour are free)**',
    ],
  ])('%s', async (_name, route, offers, price) => {
    const { offers: found, page } = await shown(route);
    expect(found).toEqual({ offers });
    expect(page).toContain(`Price: a request costs ${price}.`);
  });

  it('a price table is a range with its rows', async () => {
    const { offers, page } = await shown({
      price: ['2 sat', '0.01 pathUSD'],
      prices: [
        { when: { query: { size: 'big' } }, price: ['20 sat', '0.2 pathUSD'] },
        { when: { query: { format: '*' }, method: 'GET' }, price: '5 sat' },
      ],
    });
    expect(offers).toEqual({
      offers: [
        expect.objectContaining({
          ...token,
          amount: null,
          description: expect.stringMatching(/^0\.01 to 0\.2 pathUSD/),
        }),
        expect.objectContaining({
          ...sat,
          amount: null,
          description: expect.stringMatching(/^2 to 20 sat, by request: /),
        }),
      ],
    });
    expect(page).toContain('**2 to 20 sat or 0.01 to 0.2 pathUSD on Tempo**');
    expect(page).toContain('| the query has size=big | 20 sat or 0.2 pathUSD on Tempo |');
    expect(page).toContain('| the method is GET and the query has format | 5 sat |');
    expect(page).toContain('| otherwise | 2 sat or 0.01 pathUSD on Tempo |');
  });

  it('a table whose rows all cost the same has an amount', async () => {
    const { offers } = await shown({
      price: '2 sat',
      prices: [{ when: { query: { a: '1' } }, price: '2 sat' }],
    });
    expect(offers).toMatchObject({ offers: [{ amount: '2' }] });
  });

  it('a free route has no offers, no 402 and no security', async () => {
    const catalog = await build({ routes: [{ match: 'GET /v1/thing', upstream: 'api', price: 'free' }] });
    const operation = operationAt(catalog, 'get', '/v1/thing');
    expect(operation).toMatchObject({ security: [] });
    expect(operation).not.toHaveProperty('x-payment-info');
    expect(operation?.responses).not.toHaveProperty('402');
    expect(textOf(catalog, '/docs/api/thing.md')).toContain('a request is **free**');
  });

  it('a route in shadow mode charges nobody, and says so', async () => {
    const { offers, page } = await shown({ price: '9 sat', mode: 'shadow' });
    expect(offers).toBeUndefined();
    expect(page).toContain('a request is **free**');
    expect(page).not.toContain('9 sat');
  });

  it('an offer has the members of the draft and no others, and its description is bounded', async () => {
    const rows = Array.from({ length: 100 }, (_, at) => ({
      when: { path: `/v1/thing/${at}` },
      price: `${at + 1} sat`,
    }));
    const { offers } = await shown({ prices: rows });
    const [offer] = (offers as { offers: Record<string, string>[] }).offers;
    expect(Object.keys(offer ?? {}).sort()).toEqual([
      'amount',
      'currency',
      'description',
      'intent',
      'method',
    ]);
    expect(offer?.description?.length).toBeLessThanOrEqual(300);
  });
});
