import { Challenge, Credential, Receipt } from 'mppx';
import { Mppx } from 'mppx/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Market, openMarket, realm } from './market.js';
import { mppxLightningClient } from './mppx-lightning.js';

let market: Market;

beforeAll(async () => {
  market = await openMarket();
});
afterAll(() => market.close());
beforeEach(() => {
  market.upstream.asked.length = 0;
});

/** A client of mppx's own, that keeps the last credential it made. */
function newClient() {
  const client = Mppx.create({ polyfill: false, methods: [mppxLightningClient(market.devnet.wallet)] });
  let credential = '';
  client.onCredentialCreated((created) => {
    credential = created.credential;
  });
  return { ...client, credential: () => credential };
}

const note = JSON.stringify({ text: 'Grüße, “1 sat”', tags: ['a', 'b'] });
const post = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: note };

describe('an mppx client at our gateway (R61)', () => {
  it('buys a GET, gets the answer once and a receipt that it can read', async () => {
    const client = newClient();
    let response = new Response();
    const cost = await market.cost(async () => {
      response = await client.fetch(`${market.url}/v1/price?in=usd`);
    });
    expect([response.status, await response.json()]).toEqual([
      200,
      { served: 'GET /v1/price?in=usd', body: '' },
    ]);
    expect(cost).toBe(1_000n);

    const { challenge } = Credential.deserialize(client.credential());
    const receipt = Receipt.fromResponse(response);
    expect(challenge).toMatchObject({ realm, method: 'lightning', intent: 'charge' });
    expect(receipt).toMatchObject({ status: 'success', method: 'lightning', challengeId: challenge.id });
    expect(await market.devnet.merchant.lookupInvoice(receipt.reference)).toMatchObject({
      status: 'settled',
      receivedMsat: 1_000n,
    });
    expect(response.headers.get('cache-control')).toBe('private');
  });

  it('buys a POST with a JSON body, which reaches the upstream once and unchanged', async () => {
    const client = newClient();
    let response = new Response();
    const cost = await market.cost(async () => {
      response = await client.fetch(`${market.url}/v1/notes`, { ...post });
    });
    expect([response.status, await response.json()]).toEqual([200, { served: 'POST /v1/notes', body: note }]);
    expect(cost).toBe(2_000n);
    // The client echoes the digest that binds its body, and our gate has checked it.
    expect(Credential.deserialize(client.credential()).challenge.digest).toMatch(/^sha-256=:.+:$/);
    const [only, ...more] = market.upstream.asked;
    expect(more).toEqual([]);
    expect(only?.headers).toMatchObject({ 'content-type': 'application/json' });
    expect(Object.keys(only?.headers ?? {}).filter((name) => /payment|^authorization$/.test(name))).toEqual(
      [],
    );
  });

  it('makes a credential by hand, which may go in Payment-Authorization beside an Authorization of its own', async () => {
    const client = newClient();
    const url = `${market.url}/v1/price`;
    const credential = await client.createCredential(await client.rawFetch(url));
    const headers = { Authorization: 'Bearer of-the-application', 'Payment-Authorization': credential };
    const response = await fetch(url, { headers });
    expect([response.status, await response.json()]).toEqual([200, { served: 'GET /v1/price', body: '' }]);
    expect(market.upstream.asked).toMatchObject([{ headers: { authorization: headers.Authorization } }]);
  });

  it('is told what is wrong with its credential at another resource, another body and a second time', async () => {
    const client = newClient();
    const url = `${market.url}/v1/notes`;
    expect((await client.fetch(url, { ...post })).status).toBe(200);
    const headers = { ...post.headers, Authorization: client.credential() };
    const answers = await Promise.all([
      fetch(`${market.url}/v1/price`, { headers }),
      fetch(url, { ...post, headers, body: note.replace('a', 'b') }),
      fetch(url, { ...post, headers }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([403, 402, 402]);
    expect(market.upstream.asked).toHaveLength(1);
    // mppx can pay again on the two that are payable, and has nothing to pay on the one that is forbidden.
    expect(answers.map(({ headers }) => headers.has('www-authenticate'))).toEqual([false, true, true]);
    for (const answer of answers.slice(1)) expect(Challenge.fromResponse(answer).method).toBe('lightning');
  });

  it('keeps a credential that still works when the upstream fails after the payment', async () => {
    const client = newClient();
    market.upstream.failures = 1;
    const url = `${market.url}/v1/notes`;
    const failed = await client.fetch(url, { ...post });
    expect([failed.status, failed.headers.has('payment-receipt')]).toEqual([503, false]);
    const headers = { ...post.headers, Authorization: client.credential() };
    const cost = await market.cost(async () => {
      const again = await fetch(url, { ...post, headers });
      expect([again.status, await again.json()]).toEqual([200, { served: 'POST /v1/notes', body: note }]);
      expect(Receipt.fromResponse(again).method).toBe('lightning');
    });
    expect(cost).toBe(0n);
  });

  it('loses no money by its fault with Request objects, whose paid retry is a GET without the body', async () => {
    const client = newClient();
    const url = `${market.url}/v1/notes`;
    const cost = await market.cost(async () => {
      const response = await client.fetch(new Request(url, post));
      expect([response.status, market.upstream.asked]).toEqual([405, []]);
      // What was paid for was the POST, and that can still be had.
      const headers = { ...post.headers, Authorization: client.credential() };
      const again = await fetch(url, { ...post, headers });
      expect([again.status, await again.json()]).toEqual([200, { served: 'POST /v1/notes', body: note }]);
    });
    expect(cost).toBe(2_000n);
  });
});
