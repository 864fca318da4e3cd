import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WalletError } from '../errors.js';
import { failureOf } from '../testing/failure.js';
import { openTestPurse, type TestPurse } from '../testing/purse.js';
import { ask, deliver, honest, Seller, type Turn } from '../testing/seller.js';
import { createPayingFetch, type PayingFetchOptions } from './paying-fetch.js';
import { readAheadBytes } from './response.js';

let seller: Seller;
let purse: TestPurse;

beforeEach(async () => {
  seller = await new Seller().listen();
  purse = openTestPurse(seller.node);
});

afterEach(async () => {
  purse.close();
  await seller.close();
});

const make = (options: Partial<PayingFetchOptions> = {}) =>
  createPayingFetch({ wallet: purse.wallet, ...options });
const states = () => purse.journal.list().map(({ state }) => state);
const paid = () => purse.node.paid.length;
/** Pays honestly up to the credential, then does this. */
const afterPaying = (then: (turn: Turn) => void | Promise<void>) =>
  seller.behave((turn) => (turn.seen.credential === undefined ? honest(turn) : then(turn)));

describe('a paying fetch', () => {
  it('is a fetch', async () => {
    const payingFetch: typeof fetch = make();
    const response = await payingFetch(`${seller.url}/price#top`);
    expect(response).toBeInstanceOf(Response);
    expect([response.status, response.ok, response.url, response.redirected]).toEqual([
      200,
      true,
      `${seller.url}/price#top`,
      false,
    ]);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({ rate: 1 });
    expect(paid()).toBe(1);
    expect(states()).toEqual(['delivered']);
  });

  it('hands on what asks for no payment, of any status', async () => {
    seller.behave(({ response }) => void response.writeHead(404, 'Nothing Here').end('no'));
    const response = await make()(seller.url);
    expect([response.status, response.statusText, await response.text()]).toEqual([
      404,
      'Nothing Here',
      'no',
    ]);
    expect(paid()).toBe(0);
  });

  it('keeps to its own limit, and to the method it was given', async () => {
    const dear = await failureOf(make({ max: { amount: 999n, currency: 'msat' } })(seller.url));
    expect(dear).toMatchObject({ code: 'price_above_max', spent: 'no' });
    expect((await failureOf(make({ method: 'tempo' })(seller.url))).code).toBe('no_payable_challenge');
    expect(paid()).toBe(0);
  });

  it('pays once for each call, any number at a time', async () => {
    const payingFetch = make();
    const texts = await Promise.all(
      Array.from({ length: 20 }, async (_, at) => (await payingFetch(`${seller.url}/${at}`)).text()),
    );
    expect(texts).toEqual(Array.from({ length: 20 }, () => '{"rate":1}'));
    expect(paid()).toBe(20);
    expect(new Set(seller.credentials.map(({ challenge }) => challenge.id)).size).toBe(20);
    expect(new Set(states())).toEqual(new Set(['delivered']));
  });

  it('sends an Idempotency-Key with every payment; the caller`s own wins', async () => {
    const payingFetch = make();
    await (await payingFetch(seller.url)).text();
    await (await payingFetch(seller.url, { headers: { 'Idempotency-Key': 'order-7' } })).text();
    expect(seller.seen.map(({ headers }) => headers['idempotency-key'])).toEqual([
      undefined,
      expect.stringMatching(/^pay_[0-9a-f]{20}$/),
      'order-7',
      'order-7',
    ]);
  });
});

describe('the caller`s own Authorization', () => {
  const headers = { Authorization: 'Bearer mine' };
  const naming = (header?: string) =>
    seller.behave(async ({ seen, response, seller: self }) => {
      if (seen.credential) return deliver(response, seen.credential);
      ask(response, await self.challenge({ members: header === undefined ? {} : { header } }));
    });

  it('is kept; where the seller wants the credential there, nothing is paid', async () => {
    const failure = await failureOf(make()(seller.url, { headers }));
    expect(failure).toMatchObject({ code: 'authorization_taken', outcome: 'not-sent', spent: 'no' });
    expect([paid(), seller.seen.length, states()]).toEqual([0, 1, []]);
  });

  it('is kept beside the credential, where the challenge names Payment-Authorization', async () => {
    naming('Payment-Authorization');
    await (await make()(seller.url, { headers })).text();
    expect(seller.seen[1]?.headers).toMatchObject({
      authorization: 'Bearer mine',
      'payment-authorization': expect.stringMatching(/^Payment /),
    });
  });

  it('is kept when an offer that would replace it stands before one that does not', async () => {
    seller.behave(async ({ seen, response, seller: self }) => {
      if (seen.credential) return deliver(response, seen.credential);
      const members = { header: 'Payment-Authorization' };
      ask(response, await self.challenge(), await self.challenge({ members }));
    });
    await (await make()(seller.url, { headers })).text();
    expect(seller.seen[1]?.headers.authorization).toBe('Bearer mine');
  });

  it('is kept beside it where the caller knows that the seller takes that', async () => {
    await (await make({ authorization: 'beside' })(seller.url, { headers })).text();
    expect(seller.seen[1]?.headers.authorization).toBe('Bearer mine');
    naming('Authorization');
    const failure = await failureOf(make({ authorization: 'beside' })(seller.url, { headers }));
    expect(failure.code).toBe('authorization_taken');
    expect(paid()).toBe(1);
  });

  it('is replaced only when that was allowed, and an older credential always', async () => {
    await (await make({ authorization: 'replace' })(seller.url, { headers })).text();
    expect(seller.seen[1]?.headers.authorization).toMatch(/^Payment /);
    await (await make()(seller.url, { headers: { authorization: 'Payment e30' } })).text();
    expect(seller.seen[3]?.headers.authorization).toMatch(/^Payment ey/);
  });
});

describe('the response', () => {
  it('is delivered when it has arrived, read or not', async () => {
    const response = await make()(seller.url);
    expect(response.ok).toBe(true);
    await expect.poll(states, { timeout: 50_000 }).toEqual(['delivered']);
  });

  it('without a body is delivered at once', async () => {
    for (const status of [204, 205]) {
      afterPaying(({ response }) => void response.writeHead(status).end());
      expect((await make()(seller.url)).body).toBeNull();
    }
    expect(states()).toEqual(['delivered', 'delivered']);
  });

  it('is streamed: a large one is not delivered before it is read, and can be given up and resumed', async () => {
    const large = 'x'.repeat(readAheadBytes * 20);
    afterPaying(({ response }) => void response.end(large));
    const payingFetch = make();
    const reader = (await payingFetch(seller.url)).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(states()).toEqual(['answer-unknown']);
    const again = await payingFetch.resume(purse.journal.list()[0]?.id ?? '');
    expect((await again.text()).length).toBe(large.length);
    expect([states(), paid()]).toEqual([['delivered'], 1]);
    expect(await failureOf(payingFetch.resume(purse.journal.list()[0]?.id ?? ''))).toMatchObject({
      code: 'payment_not_found',
      spent: 'yes',
    });
  });

  it('that nobody reads does not hold its payment: it can be resumed, and is not taken for whole', async () => {
    const large = 'x'.repeat(readAheadBytes * 64);
    afterPaying(({ response }) => void response.end(large));
    const hasty = make({ wallet: purse.another({ timeouts: { answerUnreadMs: 50 } }) });
    const unread = await hasty(seller.url);
    await expect.poll(states, { timeout: 50_000 }).toEqual(['answer-unknown']);
    const id = purse.journal.list()[0]?.id ?? '';
    expect((await (await make().resume(id)).text()).length).toBe(large.length);
    expect(await failureOf(unread.text())).toMatchObject({ code: 'answer_unknown', paymentId: id });
    expect([states(), paid()]).toEqual([['delivered'], 1]);
  });

  it('that is too large ends in an error, and stays resumable', async () => {
    afterPaying(({ response }) => void response.end('x'.repeat(1_001)));
    const failure = await failureOf((await make({ answerBytesMax: 1_000 })(seller.url)).text());
    expect(failure).toMatchObject({ code: 'answer_too_large', retry: 'resume', spent: 'yes' });
    expect((await (await make().resume(failure.paymentId ?? '')).text()).length).toBe(1_001);
    expect(paid()).toBe(1);
    seller.behave(({ response }) => void response.end('x'.repeat(1_001)));
    const free = await failureOf((await make({ answerBytesMax: 1_000 })(seller.url)).text());
    expect(free).toMatchObject({ code: 'free_answer_too_large', spent: 'no', paymentId: undefined });
  });

  it('that breaks off ends in a typed error', async () => {
    afterPaying(({ response }) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half', () => response.destroy());
    });
    const failure = await failureOf((await make()(seller.url)).text());
    expect(failure).toMatchObject({ code: 'answer_unknown', retry: 'resume' });
    expect(states()).toEqual(['answer-unknown']);
  });

  it('of a failing seller is a typed error that names the credit', async () => {
    afterPaying(({ response }) => void response.writeHead(503).end());
    const failure = await failureOf(make()(seller.url));
    expect(failure).toMatchObject({ code: 'seller_failed', outcome: 'credit', retry: 'same-credential' });
    afterPaying(({ seen, response }) => {
      if (seen.credential) deliver(response, seen.credential);
    });
    expect(await (await make().resume(failure.paymentId ?? '')).json()).toEqual({ rate: 1 });
    expect(paid()).toBe(1);
  });

  it('of a resume with secret headers needs them again, as Headers or as pairs', async () => {
    let down = true;
    afterPaying(({ seen, response }) => {
      if (down || seen.credential === undefined) response.writeHead(503).end();
      else deliver(response, seen.credential);
    });
    const failure = await failureOf(make()(seller.url, { headers: { 'X-API-Key': 'secret' } }));
    down = false;
    const id = failure.paymentId ?? '';
    expect((await failureOf(make().resume(id))).code).toBe('headers_needed');
    const headers = new Headers({ 'X-API-Key': 'secret' });
    expect((await make().resume(id, { headers })).status).toBe(200);
    expect(seller.seen.at(-1)?.headers['x-api-key']).toBe('secret');
    expect(failure).toBeInstanceOf(WalletError);
  });
});
