import { join } from 'node:path';
import { loadConfig } from '@farebox/gateway';
import { decodeRequest, parseChallenges, parseReceipt } from '@farebox/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShop, type Shop } from '../catalog/shop.js';
import { root } from '../house.js';

// The flow of the Xverse document, step by step, through a running gateway with its own route table: R38–R41, R51, R52, R60.
// The requests are those that curl sends there; `interop/plain-shell.test.ts` does it with curl itself.

const realm = 'https://api.secretkeylabs.io';
let shop: Shop;
beforeAll(async () => {
  const config = await loadConfig(join(root, 'examples/xverse/farebox.yaml'));
  shop = await openShop({ ...config, realm });
});
afterAll(() => shop.close());

const ask = (path: string, authorization?: string): Promise<Response> =>
  fetch(shop.url + path, authorization === undefined ? {} : { headers: { authorization } });

describe('step 1, the request without credentials', () => {
  it('R38 WWW-Authenticate: Payment with id, realm, method and the price of one satoshi', async () => {
    const field = (await ask('/v1/bitcoin/price')).headers.get('www-authenticate') ?? '';
    expect(field).toMatch(/^Payment /);
    expect(field).toContain(`realm="${realm}"`);
    expect(field).toContain('method="lightning"');
    expect(field).toMatch(/\bid="[A-Za-z0-9_-]{43}"/);
    const [challenge] = parseChallenges([field]).challenges;
    expect(decodeRequest(challenge?.request ?? '')).toMatchObject({ amount: '1', currency: 'sat' });
  });

  it('R39 Cache-Control: no-store', async () => {
    expect((await ask('/v1/bitcoin/price')).headers.get('cache-control')).toBe('no-store');
  });

  it('R40 the problem document of the seed', async () => {
    const answer = await ask('/v1/bitcoin/price');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([402, 'application/problem+json']);
    expect(await answer.json()).toMatchObject({
      type: 'https://paymentauth.org/problems/payment-required',
      title: 'Payment Required',
      status: 402,
    });
  });

  it('R41 the challenge has everything that is needed to pay: invoice, amount, network, expiry', async () => {
    const field = (await ask('/v1/bitcoin/price')).headers.get('www-authenticate') ?? '';
    const [challenge] = parseChallenges([field]).challenges;
    expect(Date.parse(challenge?.expires ?? '')).toBeGreaterThan(Date.now());
    expect(decodeRequest(challenge?.request ?? '')).toMatchObject({
      amount: '1',
      currency: 'sat',
      methodDetails: { invoice: expect.stringMatching(/^lnbcrt10n1/), network: 'regtest' },
    });
  });
});

describe('steps 2 and 3, paid with any wallet and asked again', () => {
  it('R60 the whole flow by hand', async () => {
    const credential = await shop.pay(await ask('/v1/bitcoin/price'));
    const paid = await ask('/v1/bitcoin/price', credential);
    expect([paid.status, paid.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(await paid.json()).toEqual({ served: true });
    expect(parseReceipt(paid.headers.get('payment-receipt') ?? '').ok).toBe(true);
    expect(shop.asked).toEqual(['GET /v1/bitcoin/price']);
  });
});

describe('route binding', () => {
  it('R51, R52 a credential of one path is 403 on another, in the words of the seed, and still buys its own', async () => {
    const credential = await shop.pay(await ask('/v1/bitcoin/price'));
    const before = shop.asked.length;
    const other = await ask('/v1/runes', credential);
    expect([other.status, other.headers.get('content-type')]).toEqual([403, 'application/problem+json']);
    expect(await other.json()).toMatchObject({
      type: 'https://paymentauth.org/problems/invalid-credential',
      title: 'Forbidden',
      status: 403,
      detail: 'Credential was issued for /v1/bitcoin/price, not /v1/runes',
    });
    expect(other.headers.get('payment-receipt')).toBeNull();
    expect(shop.asked).toHaveLength(before);
    expect((await ask('/v1/bitcoin/price', credential)).status).toBe(200);
  });

  it.each([
    ['another path of the same route', '/v1/runes/1:1', '/v1/runes/1:2'],
    ['another query', '/v1/runes?limit=1', '/v1/runes?limit=1000'],
    ['a path below', '/v1/block/current', '/v1/block/height/0'],
  ])('R51 it is bound to more than the route: %s', async (_name, bought, tried) => {
    const credential = await shop.pay(await ask(bought));
    expect((await ask(tried, credential)).status).toBe(403);
    expect((await ask(bought, credential)).status).toBe(200);
  });

  it('R51 and to the method: what a GET bought is no POST', async () => {
    const credential = await shop.pay(await ask('/v1/runes/x'));
    const posted = await fetch(`${shop.url}/v1/runes/x`, {
      method: 'POST',
      headers: { authorization: credential },
    });
    expect(posted.status).toBe(403);
    expect((await ask('/v1/runes/x', credential)).status).toBe(200);
  });
});
