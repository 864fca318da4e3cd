import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ConfigInput } from '../config/schema.js';
import { openRaw } from '../testing/client.js';
import { openRig, until } from '../testing/rig.js';
import { drawSecret } from './secret.js';
import { openShop, type Shop, type ShopOptions, valuesOf } from './testing/shop.js';

/** What access by key and free requests do beside the table of `access.test.ts`. */
async function withShop(options: ShopOptions, work: (shop: Shop) => Promise<void>): Promise<void> {
  const shop = await openShop(options);
  try {
    await work(shop);
  } finally {
    await shop.close();
  }
}

const route = (more: object = {}): ConfigInput['routes'] => [
  { match: 'ANY /paid/*', upstream: 'api', price: '1 sat', ...more },
  { match: 'ANY /open/*', upstream: 'api', price: 'free' },
];
/** A day that does not end while a test runs. */
const noon = () => Date.UTC(2030, 0, 31, 12);
const statuses = async (shop: Shop, count: number, headers: readonly string[] = []): Promise<number[]> => {
  const seen: number[] = [];
  for (let i = 0; i < count; i++) seen.push((await shop.ask('/paid/x', { headers })).status);
  return seen;
};

describe('the header of the key', () => {
  it('never reaches an upstream, on no route, however it is written', () =>
    withShop({ config: { routes: route() } }, async (shop) => {
      const key = await shop.makeKey();
      for (const path of ['/paid/x', '/open/x'])
        for (const name of ['x-api-key', 'X-API-KEY', 'X-Api-Key']) {
          expect((await shop.ask(path, { headers: [name, key] })).status).toBe(200);
          expect(valuesOf(shop.seen.at(-1)?.headers ?? [], 'x-api-key')).toEqual([]);
        }
    }));

  it('is another one where the configuration says so, and then x-api-key is the upstream’s business', () =>
    withShop({ config: { routes: route(), keys: { header: 'X-Shop-Key' } } }, async (shop) => {
      const key = await shop.makeKey();
      const reply = await shop.ask('/paid/x', { headers: ['x-shop-key', key, 'x-api-key', 'theirs'] });
      const headers = shop.seen.at(-1)?.headers ?? [];
      expect([reply.status, valuesOf(headers, 'x-shop-key'), valuesOf(headers, 'x-api-key')]).toEqual([
        200,
        [],
        ['theirs'],
      ]);
    }));

  it('is sent on where the route says so', () =>
    withShop({ config: { routes: route({ forward_key: true }) } }, async (shop) => {
      const key = await shop.makeKey();
      await shop.ask('/paid/x', { headers: ['x-api-key', key] });
      expect(valuesOf(shop.seen.at(-1)?.headers ?? [], 'x-api-key')).toEqual([key]);
    }));

  it('the seller’s own key may stand in the same field', () =>
    withShop(
      { config: { routes: route({ headers: { set: { 'x-api-key': 'sellers-own' } } }) } },
      async (shop) => {
        const key = await shop.makeKey();
        await shop.ask('/paid/x', { headers: ['x-api-key', key] });
        expect(valuesOf(shop.seen.at(-1)?.headers ?? [], 'x-api-key')).toEqual(['sellers-own']);
      },
    ));

  it('twice is one wrong key, not the choice of the reader', () =>
    withShop({}, async (shop) => {
      const key = await shop.makeKey();
      for (const headers of [
        ['x-api-key', key, 'x-api-key', 'other'],
        ['x-api-key', 'other', 'X-API-Key', key],
        ['x-api-key', key, 'x-api-key', key],
        ['x-api-key', ''],
      ])
        expect(await statuses(shop, 1, headers)).toEqual([401]);
      expect(shop.seen).toEqual([]);
    }));

  it('means nothing to a gateway that sells nothing by key', () =>
    withShop({ config: { keys: undefined } }, async (shop) => {
      expect(await statuses(shop, 1, ['x-api-key', drawSecret('fb_live_')])).toEqual([402]);
    }));
});

describe('an answer for a key', () => {
  it('is kept by no cache, whatever the upstream says, and forges no payment', () =>
    withShop(
      {
        listener: (_request, response) => {
          response.setHeader('Cache-Control', 'public, max-age=3600').setHeader('Payment-Receipt', 'forged');
          response.setHeader('CDN-Cache-Control', 'public').end('{}');
        },
      },
      async (shop) => {
        const reply = await shop.ask('/paid/x', { headers: ['x-api-key', await shop.makeKey()] });
        expect(reply.fields('cache-control')).toEqual(['private']);
        expect([reply.field('cdn-cache-control'), reply.field('payment-receipt')]).toEqual([
          undefined,
          undefined,
        ]);
      },
    ));

  it('is the upstream’s own, its refusals too; a body goes through both ways', () =>
    withShop(
      {
        listener: (request, response) => {
          response.statusCode = 404;
          request.pipe(response);
        },
      },
      async (shop) => {
        const headers = ['x-api-key', await shop.makeKey()];
        const reply = await shop.ask('/paid/x', { method: 'POST', body: 'ping'.repeat(10_000), headers });
        expect([reply.status, reply.body.toString()]).toEqual([404, 'ping'.repeat(10_000)]);
      },
    ));
});

it('beside a ledger that was given, keys leave no file where the gateway happens to run', async () => {
  const config = { keys: {}, plans: {} };
  const rig = await openRig({ config });
  const { keys } = rig.gateway.config;
  expect((await rig.ask('/paid/x', { headers: ['x-api-key', drawSecret('fb_live_')] })).status).toBe(401);
  await rig.close();
  expect(keys?.store.kind === 'sqlite' && existsSync(keys.store.path)).toBe(false);
});

describe('free requests', () => {
  it('so many for each client and day, then the price; a payment takes none of them', () =>
    withShop({ now: noon, config: { routes: route({ free: { requests: 2 } }) } }, async (shop) => {
      const first = await shop.ask('/paid/x');
      expect([first.status, first.field('ratelimit-policy'), first.fields('cache-control')]).toEqual([
        200,
        '"free";q=2;w=86400',
        ['private'],
      ]);
      expect(first.field('ratelimit')).toMatch(/^"free";r=1;t=\d+$/);
      expect(await statuses(shop, 3)).toEqual([200, 402, 402]);
      const credential = await shop.buy('/paid/x');
      expect(await statuses(shop, 1, ['Authorization', credential])).toEqual([200]);
    }));

  it('are another day’s again', async () => {
    let nowMs = Date.UTC(2030, 0, 31, 23, 59, 0);
    await withShop(
      { now: () => nowMs, config: { routes: route({ free: { requests: 1 } }) } },
      async (shop) => {
        expect(await statuses(shop, 2)).toEqual([200, 402]);
        nowMs += 60_000;
        expect(await statuses(shop, 2)).toEqual([200, 402]);
      },
    );
  });

  it('are counted by the address that a trusted proxy names, IPv6 by its /64', () =>
    withShop(
      {
        now: noon,
        config: { trusted_proxies: ['127.0.0.1'], routes: route({ free: { requests: 1, per: 'hour' } }) },
      },
      async (shop) => {
        const from = async (address: string) => (await statuses(shop, 1, ['X-Forwarded-For', address]))[0];
        expect([await from('192.0.2.1'), await from('192.0.2.2'), await from('192.0.2.1')]).toEqual([
          200, 200, 402,
        ]);
        expect([
          await from('2001:db8::1'),
          await from('2001:db8::ffff'),
          await from('2001:db8:0:1::1'),
        ]).toEqual([200, 402, 200]);
      },
    ));

  it('a wrong key gets none of them: whoever means to be known is told', () =>
    withShop({ config: { routes: route({ free: { requests: 5 } }) } }, async (shop) => {
      expect(await statuses(shop, 1, ['x-api-key', 'nonsense'])).toEqual([401]);
    }));

  it('by key: beside what the plan allows', () =>
    withShop(
      {
        now: noon,
        config: {
          routes: route({ free: { requests: 2, by: 'key' } }),
          plans: { default: { quota: [{ requests: 1, per: 'month' }] } },
        },
      },
      async (shop) => {
        const headers = ['x-api-key', await shop.makeKey()];
        expect(await statuses(shop, 4, headers)).toEqual([200, 200, 200, 429]);
        expect(await statuses(shop, 1)).toEqual([402]);
      },
    ));
});

describe('limits', () => {
  it('so many requests of a key at a time; one that ends, or is cut, makes room', () => {
    const held: (() => void)[] = [];
    return withShop(
      {
        listener: (request, response) => {
          if (request.url === '/paid/held') held.push(() => response.end('{}'));
          else response.end('{}');
        },
        config: { plans: { default: { concurrency: 2 } } },
      },
      async (shop) => {
        const headers = ['x-api-key', await shop.makeKey()];
        const going = shop.ask('/paid/held', { headers });
        const cut = await openRaw(
          shop.port,
          `GET /paid/held HTTP/1.1\r\nHost: x\r\nx-api-key: ${headers[1]}\r\n\r\n`,
        );
        await until('both are at the upstream', () => held.length === 2);
        const third = await shop.ask('/paid/x', { headers });
        expect([third.status, third.field('ratelimit-policy'), third.field('retry-after')]).toEqual([
          429,
          '"concurrent";q=2;qu="concurrent-requests"',
          '1',
        ]);
        expect(await statuses(shop, 1, ['x-api-key', await shop.makeKey()])).toEqual([200]);
        cut.destroy();
        await until('there is room', async () => (await statuses(shop, 1, headers))[0] === 200);
        for (const finish of held) finish();
        expect((await going).status).toBe(200);
      },
    );
  });

  it('wrong keys are looked up so often from one address and no more; good ones go on', () =>
    // The clock stands: what is given back with time would let all of them through on a slow machine.
    withShop({ now: noon }, async (shop) => {
      const good = ['x-api-key', await shop.makeKey()];
      expect(await statuses(shop, 1, good)).toEqual([200]);
      const answers: number[] = [];
      for (let i = 0; i < 60; i++)
        answers.push(...(await statuses(shop, 1, ['x-api-key', drawSecret('fb_live_')])));
      expect(new Set(answers)).toEqual(new Set([401, 429]));
      expect(answers.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 401));
      expect(await statuses(shop, 3, good)).toEqual([200, 200, 200]);
      // Nobody's payment depends on it either.
      const credential = await shop.buy('/paid/x');
      const both = ['Authorization', credential, 'x-api-key', drawSecret('fb_live_')];
      expect(await statuses(shop, 1, both)).toEqual([200]);
    }));
});

describe('changes while it runs', () => {
  it('a revoked key, and one whose secret was rotated away, are refused', () =>
    withShop({}, async (shop) => {
      const headers = ['x-api-key', await shop.makeKey()];
      expect(await statuses(shop, 1, headers)).toEqual([200]);
      const [key] = await shop.keys.list(undefined, 1);
      await shop.keys.revoke(key?.id ?? '', Date.now());
      await until('it is refused', async () => (await statuses(shop, 1, headers))[0] === 401);
    }));

  it('an old secret works until the moment that was said', async () => {
    let nowMs = Date.now();
    await withShop({ now: () => nowMs }, async (shop) => {
      const old = ['x-api-key', await shop.makeKey()];
      const [key] = await shop.keys.list(undefined, 1);
      const rotation = { hash: 'f'.repeat(64), shown: 's', oldUntilMs: nowMs + 60_000, nowMs };
      await shop.keys.rotate(key?.id ?? '', rotation);
      expect(await statuses(shop, 1, old)).toEqual([200]);
      nowMs += 60_000;
      expect(await statuses(shop, 1, old)).toEqual([401]);
    });
  });

  it('another plan counts from the next reload on; a plan that is gone opens nothing', () => {
    const plans = (requests: number) => ({ trial: { quota: [{ requests, per: 'month' as const }] } });
    return withShop({ now: noon, config: { plans: plans(1) } }, async (shop) => {
      const headers = ['x-api-key', await shop.makeKey({ plan: 'trial' })];
      expect(await statuses(shop, 2, headers)).toEqual([200, 429]);
      await shop.gateway.reload(shop.configWith({ plans: plans(5) }));
      expect((await statuses(shop, 1, headers))[0]).toBe(200);
      await shop.gateway.reload(shop.configWith({ plans: {} }));
      expect(await statuses(shop, 1, headers)).toEqual([403]);
      await shop.gateway.reload(shop.configWith({ keys: undefined, plans: undefined }));
      expect(await statuses(shop, 1, headers)).toEqual([402]);
    });
  });

  it('the last use of a key is written by the end of the gateway', async () => {
    const shop = await openShop();
    const headers = ['x-api-key', await shop.makeKey()];
    expect(await statuses(shop, 1, headers)).toEqual([200]);
    await shop.gateway.close();
    const [key] = await shop.keys.list(undefined, 1);
    expect(key?.lastUsedMs).toBeGreaterThanOrEqual(key?.createdMs ?? 0);
    await shop.close();
  });
});
