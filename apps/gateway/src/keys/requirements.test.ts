import { PaperNode } from '@farebox/lightning/paper';
import { decodeRequest, parseChallenges } from '@farebox/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ask, Reply } from '../testing/client.js';
import { challengeOf, claims, payFor } from '../testing/rig.js';
import { openShop, type Shop } from './testing/shop.js';

// The Xverse document's rules about key and payment on one URL (research R35 to R54), each by its number.

const unreachable = (): Promise<never> => Promise.reject(new Error('The node is down.'));

/** A node that can be taken away. */
class FragileNode extends PaperNode {
  down = false;

  override createInvoice(
    ...given: Parameters<PaperNode['createInvoice']>
  ): ReturnType<PaperNode['createInvoice']> {
    return this.down ? unreachable() : super.createInvoice(...given);
  }
}

let shop: Shop;
const node = new FragileNode();

beforeAll(async () => {
  shop = await openShop({
    dependencies: { node },
    config: {
      plans: {
        default: { rate: [{ requests: 10_000, per: '1h' }] },
        two: {
          rate: [
            { requests: 2, per: '1h' },
            { requests: 1_000, per: '24h' },
          ],
        },
      },
      routes: [
        { match: 'ANY /v1/*', upstream: 'api', price: '1 sat' },
        { match: 'POST /v1/orders', upstream: 'api', price: '1 sat', effect: 'once' },
        { match: 'GET /v2/only', upstream: 'api', price: '1 sat' },
      ],
    },
  });
});
afterAll(() => shop.close());

const withKey = (key: string, how: Ask = {}): Ask => ({
  ...how,
  headers: [...(how.headers ?? []), 'x-api-key', key],
});
const withPayment = (credential: string, how: Ask = {}): Ask => ({
  ...how,
  headers: [...(how.headers ?? []), 'Authorization', credential],
});
const buy = async (path: string, how?: Ask): Promise<string> => payFor(node, await shop.ask(path, how));
const endpoints: readonly (readonly [string, Ask])[] = [
  ['/v1/bitcoin/price', {}],
  ['/v1/runes/swap', { method: 'POST', body: '{"amount":1}' }],
  ['/v1/portfolio/7', { method: 'PUT', body: 'x' }],
  ['/v1/portfolio/7?all=yes', { method: 'DELETE' }],
  ['/v2/only', {}],
];

it.each(endpoints)('R35 %s accepts a key, or a payment', async (path, how) => {
  const key = await shop.makeKey();
  expect((await shop.ask(path, withKey(key, how))).status).toBe(200);
  const paid = await shop.ask(path, withPayment(await buy(path, how), how));
  expect([paid.status, paid.field('payment-receipt')]).toEqual([200, expect.any(String)]);
});

it('R36 payment needs no account: nothing is kept of who pays', async () => {
  const before = await shop.keys.changes();
  const paid = await shop.ask('/v1/anonymous', withPayment(await buy('/v1/anonymous')));
  expect([paid.status, await shop.keys.changes()]).toEqual([200, before]);
});

describe('R37', () => {
  it.each(endpoints)('neither key nor payment: 402 on %s', async (path, how) => {
    const reply = await shop.ask(path, how);
    expect([reply.status, parseChallenges(reply.fields('www-authenticate')).challenges.length]).toEqual([
      402, 1,
    ]);
  });

  it('a path that does not exist is 404 first, whatever comes with it; a method 405', async () => {
    const key = await shop.makeKey();
    const credential = await buy('/v1/x');
    const hits = shop.seen.length;
    for (const how of [
      {},
      withKey(key),
      withKey('nonsense'),
      withPayment(credential),
      withPayment('Payment e30'),
    ]) {
      expect((await shop.ask('/v3/unknown', how)).status).toBe(404);
      expect((await shop.ask('/v2/only', { ...how, method: 'POST' })).status).toBe(405);
    }
    expect(shop.seen.length).toBe(hits);
  });

  it('a bad key alone is 401, and the payment that is offered with it can be made', async () => {
    const refused = await shop.ask('/v1/offer', withKey('nonsense'));
    expect(refused.status).toBe(401);
    expect(refused.fields('www-authenticate')[0]).toBe(
      'ApiKey realm="http://shop.test", in="header", name="x-api-key"',
    );
    const paid = await shop.ask('/v1/offer', withPayment(await payFor(node, refused)));
    expect([paid.status, paid.field('payment-receipt')]).toEqual([200, expect.any(String)]);
  });
});

it.each(endpoints)('R46 one sat on %s', async (path, how) => {
  const request = decodeRequest(challengeOf(await shop.ask(path, how)).request);
  expect(request).toMatchObject({ amount: '1', currency: 'sat' });
});

/** A key whose window is used up. */
async function spentKey(): Promise<string> {
  const key = await shop.makeKey({ plan: 'two' });
  for (let i = 0; i < 2; i++) expect((await shop.ask('/v1/spend', withKey(key))).status).toBe(200);
  return key;
}

describe('R47', () => {
  it('a key is limited by its plan; the fields say what is left', async () => {
    const key = await shop.makeKey({ plan: 'two' });
    const replies: Reply[] = [];
    for (let i = 0; i < 3; i++) replies.push(await shop.ask('/v1/count', withKey(key)));
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 429]);
    const left = replies.map((reply) => reply.field('ratelimit'));
    expect(left[0]).toMatch(/^"1h";r=1;t=\d+, "24h";r=999;t=\d+$/);
    expect(left[1]).toMatch(/^"1h";r=0;t=\d+, "24h";r=998;t=\d+$/);
    // The long window is not asked once the short one has nothing left.
    expect(left[2]).toMatch(/^"1h";r=0;t=\d+$/);
    for (const reply of replies)
      expect(reply.field('ratelimit-policy')).toBe('"1h";q=2;w=3600, "24h";q=1000;w=86400');
    const seconds = Number(replies[2]?.field('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(3_600);
  });

  it('over its limit a key may go on by paying the challenge of the 429', async () => {
    const key = await spentKey();
    const limited = await shop.ask('/v1/go-on', withKey(key));
    expect([limited.status, limited.field('content-type')]).toEqual([429, 'application/problem+json']);
    const paid = await shop.ask('/v1/go-on', withPayment(await payFor(node, limited), withKey(key)));
    expect([paid.status, paid.field('payment-receipt')]).toEqual([200, expect.any(String)]);
    expect((await shop.ask('/v1/go-on', withKey(key))).status).toBe(429);
  });

  it('each key has its own limit', async () => {
    await spentKey();
    expect((await shop.ask('/v1/other', withKey(await shop.makeKey({ plan: 'two' })))).status).toBe(200);
  });
});

it('R48 what is paid is never limited, with a spent key beside it or without', async () => {
  const key = await spentKey();
  for (let i = 0; i < 10; i++) {
    const path = `/v1/paid/${i}`;
    const paid = await shop.ask(path, withPayment(await buy(path), i % 2 === 0 ? withKey(key) : {}));
    expect([paid.status, paid.field('ratelimit')]).toEqual([200, undefined]);
  }
});

it('R49 payment is looked at first: it is used up, and the key’s count is not', async () => {
  const key = await shop.makeKey({ plan: 'two' });
  const credential = await buy('/v1/first');
  const both = await shop.ask('/v1/first', withPayment(credential, withKey(key)));
  expect([both.status, both.field('payment-receipt')]).toEqual([200, expect.any(String)]);
  expect((await shop.ask('/v1/first', withPayment(credential))).status).toBe(402);
  const counted = await shop.ask('/v1/first', withKey(key));
  expect(counted.field('ratelimit')).toMatch(/^"1h";r=1;/);
});

describe('R50', () => {
  it('a payment that fails leaves it to the key, and the answer says so', async () => {
    const key = await shop.makeKey();
    const reply = await shop.ask('/v1/fallback', withPayment('Payment e30', withKey(key)));
    expect([reply.status, reply.field('farebox-payment')]).toEqual([200, 'ignored; reason=malformed']);
    expect(reply.field('payment-receipt')).toBeUndefined();
  });

  it('a used credential of a once route does not: the order was executed', async () => {
    const how: Ask = { method: 'POST', body: '{"buy":1}' };
    const credential = await buy('/v1/orders', how);
    const key = await shop.makeKey();
    expect((await shop.ask('/v1/orders', withPayment(credential, withKey(key, how)))).status).toBe(200);
    const hits = shop.seen.length;
    const again = await shop.ask('/v1/orders', withPayment(credential, withKey(key, how)));
    expect([again.status, shop.seen.length]).toEqual([402, hits]);
  });

  it('two credentials are an error of the client, with a key or without', async () => {
    const key = await shop.makeKey();
    const how = withPayment('Payment e30', withPayment('Payment e30', withKey(key)));
    expect((await shop.ask('/v1/two', how)).status).toBe(400);
  });
});

it('R53 the node is down: 500, nothing used up; a key serves all the same, and a bad one is still 401', async () => {
  const key = await shop.makeKey();
  const credential = await buy('/v1/down');
  node.down = true;
  try {
    const unpaid = await shop.ask('/v1/down');
    expect([unpaid.status, unpaid.json().title]).toEqual([500, 'Payment service unavailable']);
    expect(Number(unpaid.field('retry-after'))).toBeGreaterThan(0);
    expect((await shop.ask('/v1/down', withKey(key))).status).toBe(200);
    expect((await shop.ask('/v1/down', withKey('nonsense'))).status).toBe(401);
    const both = await shop.ask('/v1/down', withPayment('Payment e30', withKey(key)));
    expect([both.status, both.field('farebox-payment')]).toEqual([200, 'ignored; reason=malformed']);
    expect((await shop.ask('/v1/down', withPayment('Payment e30', withKey('nonsense')))).status).toBe(500);
    expect((await shop.ask('/v1/down', withKey(await spentKey()))).status).toBe(429);
  } finally {
    node.down = false;
  }
  expect((await shop.ask('/v1/down', withPayment(credential))).status).toBe(200);
});

it('R54 no credential is 402, a good one of another route 403, and it still buys what it is for', async () => {
  const credential = await buy('/v1/mine');
  const before = await claims(shop.gateway, 'answered');
  expect((await shop.ask('/v1/theirs')).status).toBe(402);
  const elsewhere = await shop.ask('/v1/theirs', withPayment(credential));
  expect([elsewhere.status, elsewhere.json()]).toMatchObject([
    403,
    { title: 'Forbidden', detail: 'Credential was issued for /v1/mine, not /v1/theirs' },
  ]);
  expect(await claims(shop.gateway, 'answered')).toBe(before);
  expect((await shop.ask('/v1/mine', withPayment(credential))).status).toBe(200);
});

it('R47 the limits that an answer names are those of the key, and not those that the upstream has set on us', async () => {
  const strict = await openShop({
    listener: (_request, response) =>
      void response.setHeader('RateLimit', '"up";r=0;t=9').setHeader('RateLimit-Policy', '"up";q=1').end(),
  });
  const reply = await strict.ask('/paid/x', withKey(await strict.makeKey()));
  await strict.close();
  expect(reply.status).toBe(200);
  for (const name of ['ratelimit', 'ratelimit-policy']) {
    expect(reply.fields(name)).toHaveLength(1);
    expect(reply.field(name)).not.toContain('"up"');
  }
});
