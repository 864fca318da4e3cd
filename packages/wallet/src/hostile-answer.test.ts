import { serializeChallenge } from '@farebox/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAll } from './answer.js';
import { failureOf } from './testing/failure.js';
import { openTestPurse, type TestPurse } from './testing/purse.js';
import { ask, deliver, honest, receiptOf, Seller, type Turn } from './testing/seller.js';

let seller: Seller;
let purse: TestPurse;

beforeEach(async () => {
  seller = await new Seller().listen();
  purse = openTestPurse(seller.node, {
    timeouts: { unpaidAnswerMs: 500, paidAnswerMs: 500, answerIdleMs: 300 },
  });
});

afterEach(async () => {
  purse.close();
  await seller.close();
});

const paidSat = () => purse.node.paid.length;

describe('redirects', () => {
  it('to another origin, before paying: reported, not followed', async () => {
    const other = await new Seller().listen();
    seller.behave(({ response }) => void response.writeHead(302, { location: `${other.url}/steal` }).end());
    const result = await purse.wallet.pay({ url: seller.url, headers: { 'X-API-Key': 'secret' } });
    expect([result.kind, result.answer.status]).toEqual(['free', 302]);
    expect(other.seen).toHaveLength(0);
    await other.close();
  });

  it('to another origin, after paying: the credential goes nowhere else', async () => {
    const other = await new Seller().listen();
    seller.behave(async (turn) => {
      if (turn.seen.credential === undefined) return honest(turn);
      turn.response.writeHead(307, { location: `${other.url}/steal` }).end();
    });
    const failure = await failureOf(purse.wallet.pay({ url: seller.url, method: 'POST', body: '{}' }));
    expect(failure).toMatchObject({ code: 'seller_refused', exitClass: 'credit', status: 307 });
    expect(other.seen).toHaveLength(0);
    expect(paidSat()).toBe(1);
    await other.close();
  });

  it('302 to /search after paying is no success (R20)', async () => {
    seller.behave(async (turn) => {
      if (turn.seen.url === '/search') return void turn.response.end('<html>');
      if (turn.seen.credential === undefined) return honest(turn);
      turn.response.writeHead(302, { location: '/search' }).end();
    });
    const failure = await failureOf(purse.wallet.pay({ url: `${seller.url}/register` }));
    expect(failure).toMatchObject({ code: 'seller_refused', status: 302 });
    expect(failure.message).toContain('/search');
    expect(seller.seen.map(({ url }) => url)).toEqual(['/register', '/register']);
  });

  it('a 3xx that carries a challenge is not paid', async () => {
    seller.behave(async ({ response, seller: self }) => {
      const challenge = serializeChallenge(await self.challenge());
      response.writeHead(302, { location: '/', 'www-authenticate': challenge }).end();
    });
    expect((await purse.wallet.pay({ url: seller.url })).kind).toBe('free');
    expect(paidSat()).toBe(0);
  });
});

describe('after the payment', () => {
  /** Pays honestly up to the credential, then does this. */
  const afterPaying = (then: (turn: Turn) => void | Promise<void>) =>
    seller.behave((turn) => (turn.seen.credential === undefined ? honest(turn) : then(turn)));

  it('402 forever: one payment, then a credit', async () => {
    seller.behave(async ({ response, seller: self }) => ask(response, await self.challenge()));
    const failure = await failureOf(purse.wallet.pay({ url: seller.url }));
    expect(failure).toMatchObject({
      code: 'seller_refused',
      exitClass: 'credit',
      retry: 'same-credential',
      status: 402,
    });
    expect([paidSat(), seller.seen.length]).toEqual([1, 2]);
    const again = await failureOf(purse.wallet.resume(failure.paymentId ?? ''));
    expect(again.code).toBe('seller_refused');
    expect([paidSat(), seller.seen.length]).toEqual([1, 3]);
  });

  it('closes the connection: unknown, and the same credential gets the answer later', async () => {
    let calls = 0;
    afterPaying(({ seen, response }) => {
      calls += 1;
      if (calls === 1 || seen.credential === undefined) response.destroy();
      else deliver(response, seen.credential);
    });
    const failure = await failureOf(purse.wallet.pay({ url: seller.url }));
    expect(failure).toMatchObject({ code: 'answer_unknown', exitClass: 'unknown', retry: 'resume' });
    const result = await purse.wallet.resume(failure.paymentId ?? '');
    if (result.kind !== 'delivered') throw new Error('not delivered');
    await readAll(result.answer, 1_000);
    expect(paidSat()).toBe(1);
    const [first, second] = seller.seen.slice(1);
    expect(second?.headers.authorization).toBe(first?.headers.authorization);
    expect(second?.headers['idempotency-key']).toBe(first?.headers['idempotency-key']);
    expect(purse.journal.find(failure.paymentId ?? '')?.state).toBe('delivered');
  });

  it('breaks off within the body: not taken for whole', async () => {
    afterPaying(({ response }) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"half":', () => response.destroy());
    });
    const result = await purse.wallet.pay({ url: seller.url });
    if (result.kind !== 'delivered') throw new Error('no answer');
    const failure = await failureOf(readAll(result.answer, 10_000));
    expect(failure).toMatchObject({ code: 'answer_unknown', paymentId: result.entry.id });
    expect(purse.journal.find(result.entry.id)).toMatchObject({
      state: 'answer-unknown',
      payload: expect.anything(),
    });
  });

  it('falls silent within the body', async () => {
    afterPaying(({ response }) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{');
    });
    const result = await purse.wallet.pay({ url: seller.url });
    expect((await failureOf(readAll(result.answer, 10_000))).code).toBe('answer_unknown');
  });

  it('never answers', async () => {
    afterPaying(() => undefined);
    const failure = await failureOf(purse.wallet.pay({ url: seller.url }));
    expect(failure.code).toBe('answer_unknown');
    expect(paidSat()).toBe(1);
  });

  it('fails: a credit that says so, with the problem as data', async () => {
    afterPaying(({ response }) => {
      response.writeHead(502, { 'content-type': 'application/problem+json' });
      response.end(
        JSON.stringify({
          title: 'Bad\u001b[31m Gateway',
          detail: 'x'.repeat(5_000),
          status: 502,
          evil: '<script>',
        }),
      );
    });
    const failure = await failureOf(purse.wallet.pay({ url: seller.url }));
    expect(failure).toMatchObject({ code: 'seller_failed', outcome: 'credit', status: 502 });
    expect(failure.problem?.title).toBe('Bad [31m Gateway');
    expect(failure.problem?.detail?.length).toBeLessThanOrEqual(501);
    expect(Object.keys(failure.problem ?? {})).not.toContain('evil');
  });

  it.each([
    ['missing', undefined],
    ['garbage', '%%%'],
    ['of another payment', 'ff'.repeat(32)],
  ])('a receipt that is %s is a warning, not a failure', async (_name, receipt) => {
    afterPaying(({ seen, response }) => {
      if (seen.credential === undefined) throw new Error('no credential');
      const value = receipt?.length === 64 ? receiptOf(seen.credential, receipt) : receipt;
      response.writeHead(200, value === undefined ? {} : { 'payment-receipt': value });
      response.end('ok');
    });
    const result = await purse.wallet.pay({ url: seller.url });
    if (result.kind !== 'delivered') throw new Error('not delivered');
    expect(['missing', 'unreadable', 'mismatch']).toContain(result.receipt.status);
    await readAll(result.answer, 100);
    expect(purse.journal.find(result.entry.id)?.state).toBe('delivered');
  });

  it('never puts a preimage or a credential into an error', async () => {
    afterPaying(({ seen, response }) => {
      response.writeHead(402);
      response.end(
        JSON.stringify({ title: 'no', detail: 'refused', status: 402, echo: seen.headers.authorization }),
      );
    });
    const failure = await failureOf(purse.wallet.pay({ url: seller.url }));
    const preimage = String(seller.credentials[0]?.payload.preimage);
    expect(preimage).toMatch(/^[0-9a-f]{64}$/);
    const told = JSON.stringify([failure.message, failure.problem, String(failure.cause), failure.stack]);
    expect(told).not.toContain(preimage);
    expect(told).not.toContain('Payment ey');
  });
});
