import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Answer } from './answer.js';
import { readAll } from './answer.js';
import { failureOf } from './testing/failure.js';
import { openTestPurse, type TestPurse } from './testing/purse.js';
import { ask, deliver, honest, Seller } from './testing/seller.js';

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

const sat = (amount: bigint) => ({ amount, currency: 'sat' });

async function textOf(answer: Answer): Promise<string> {
  return new TextDecoder().decode(await readAll(answer, 100_000));
}

describe('preview', () => {
  it('says what it would cost, from the invoice, and spends and writes nothing', async () => {
    const preview = await purse.wallet.preview({ url: `${seller.url}/price` });
    if (preview.kind !== 'priced') throw new Error('not priced');
    expect(preview.inspection).toMatchObject({
      price: sat(1n),
      payee: seller.node.nodeId,
      network: 'regtest',
    });
    expect(preview.challenge.realm).toBe(seller.url);
    expect(preview.objection).toBeUndefined();
    expect(purse.node.paid).toHaveLength(0);
    expect(purse.journal.list()).toHaveLength(0);
    expect(seller.seen).toHaveLength(1);
  });

  it('shows a price above the limit, and says that it would not be paid', async () => {
    const preview = await purse.wallet.preview(
      { url: seller.url },
      { max: { amount: 999n, currency: 'msat' } },
    );
    expect(preview).toMatchObject({
      kind: 'priced',
      objection: { code: 'price_above_max', exitClass: 'policy' },
    });
  });

  it('names a credit for the very same request', async () => {
    seller.behave(async (turn) => {
      if (turn.seen.credential === undefined) return honest(turn);
      turn.response.writeHead(503).end();
    });
    const failure = await failureOf(purse.wallet.pay({ url: seller.url }));
    const preview = await purse.wallet.preview({ url: seller.url });
    expect(preview.kind === 'priced' && preview.credits.map(({ id }) => id)).toEqual([failure.paymentId]);
    const other = await purse.wallet.preview({ url: `${seller.url}/other` });
    expect(other.kind === 'priced' && other.credits).toEqual([]);
  });
});

describe('pay', () => {
  it('pays once, presents the proof and delivers, with a receipt that was checked', async () => {
    const result = await purse.wallet.pay({ url: `${seller.url}/price` });
    if (result.kind !== 'delivered') throw new Error('not delivered');
    expect(await textOf(result.answer)).toBe('{"rate":1}');
    expect(result.receipt.status).toBe('valid');
    expect(purse.node.paid).toHaveLength(1);
    const entry = purse.journal.find(result.entry.id);
    expect(entry).toMatchObject({
      state: 'delivered',
      status: 200,
      paid: sat(1n),
      receipt: { status: 'success' },
    });
    expect(entry?.payload).toBeUndefined();
  });

  it('passes on an answer that asks for nothing, and pays nothing', async () => {
    seller.behave(({ response }) => void response.end('free'));
    const result = await purse.wallet.pay({ url: seller.url });
    expect(result.kind).toBe('free');
    expect(await textOf(result.answer)).toBe('free');
    expect(purse.journal.list()).toHaveLength(0);
  });

  it('is delivered only when the body has been read to its end', async () => {
    const result = await purse.wallet.pay({ url: seller.url });
    if (result.kind !== 'delivered') throw new Error('not delivered');
    expect(purse.journal.find(result.entry.id)?.state).toBe('presented');
    for await (const _chunk of result.answer.body) break;
    expect(purse.journal.find(result.entry.id)?.state).toBe('answer-unknown');
    const again = await purse.wallet.resume(result.entry.id);
    if (again.kind !== 'delivered') throw new Error('not delivered');
    expect(await textOf(again.answer)).toBe('{"rate":1}');
    expect(purse.journal.find(result.entry.id)?.state).toBe('delivered');
    expect(purse.node.paid).toHaveLength(1);
  });

  it('never pays one challenge twice, however many callers get it', async () => {
    const one = await seller.challenge();
    seller.behave(({ seen, response }) => {
      if (seen.credential) deliver(response, seen.credential);
      else ask(response, one);
    });
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, () => purse.another().pay({ url: seller.url })),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(purse.node.paid).toHaveLength(1);
  });

  it('never pays one invoice twice, under whatever challenge id it comes', async () => {
    const one = await seller.challenge();
    let count = 0;
    seller.behave(({ seen, response }) => {
      if (seen.credential) return deliver(response, seen.credential);
      count += 1;
      ask(response, { ...one, id: `fresh-${count}` });
    });
    const first = await purse.wallet.pay({ url: seller.url });
    await textOf(first.answer);
    expect(await failureOf(purse.wallet.pay({ url: seller.url }))).toMatchObject({
      code: 'already_known',
      outcome: 'not-sent',
    });
    expect(purse.node.paid).toHaveLength(1);
  });

  it('tries the same invoice again after the node has said for certain that it did not pay', async () => {
    const one = await seller.challenge();
    seller.behave(({ seen, response }) =>
      seen.credential ? deliver(response, seen.credential) : ask(response, one),
    );
    purse.node.next = () => Promise.resolve({ status: 'failed', reason: 'no route' });
    const failure = await failureOf(purse.wallet.pay({ url: seller.url }));
    expect(failure).toMatchObject({ code: 'payment_failed', exitClass: 'payment', retry: 'safe' });
    const result = await purse.wallet.pay({ url: seller.url });
    expect(result.kind).toBe('delivered');
    expect(purse.node.paid).toHaveLength(1);
    expect(purse.journal.list()).toHaveLength(1);
  });

  it('does not spend more in fees than allowed', async () => {
    const caps: bigint[] = [];
    purse.node.next = (request) => {
      caps.push(request.maxFeeMsat);
      return Promise.resolve({ status: 'failed', reason: 'fee' });
    };
    await failureOf(purse.wallet.pay({ url: seller.url }, { maxFee: { amount: 1500n, currency: 'msat' } }));
    expect(caps).toEqual([1500n]);
  });

  it('gives up without cost when it is aborted before paying', async () => {
    const controller = new AbortController();
    seller.behave(async (turn) => {
      controller.abort();
      await honest(turn);
    });
    const failure = await failureOf(purse.wallet.pay({ url: seller.url }, { signal: controller.signal }));
    expect(failure).toMatchObject({ code: 'aborted', outcome: 'not-sent' });
    expect(purse.node.paid).toHaveLength(0);
  });

  it('keeps the proof when it is aborted while the node pays', async () => {
    const controller = new AbortController();
    const paying = purse.lightning.pay.bind(purse.lightning);
    const aborting = {
      method: 'lightning',
      intent: 'charge',
      inspect: purse.lightning.inspect.bind(purse.lightning),
      resume: purse.lightning.resume.bind(purse.lightning),
      pay: (...args: Parameters<typeof paying>) => {
        controller.abort();
        return paying(...args);
      },
    };
    const wallet = purse.another({ methods: [aborting] });
    const failure = await failureOf(wallet.pay({ url: seller.url }, { signal: controller.signal }));
    expect(failure).toMatchObject({ code: 'unpresented', exitClass: 'credit' });
    const result = await wallet.resume(failure.paymentId ?? '');
    expect(result.kind).toBe('delivered');
    expect(purse.node.paid).toHaveLength(1);
  });
});

describe('the paid retry', () => {
  it('is the same request, byte for byte, plus the credential and a stable key (R11–R17, R43)', async () => {
    const body = '{ "domain":"alice",\n "years": 1 }';
    const result = await purse.wallet.pay({
      url: `${seller.url}/v1/register?x=%2F&y=a+b`,
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'X-API-Key': 'hd_agent_1',
        'X-Payment-Method': 'mpp',
        Authorization: 'Bearer old',
      },
      body,
    });
    await textOf(result.answer);
    const [first, second] = seller.seen;
    if (first === undefined || second === undefined || result.kind !== 'delivered')
      throw new Error('two requests');
    expect([first.method, first.url, first.body]).toEqual(['POST', '/v1/register?x=%2F&y=a+b', body]);
    expect([second.method, second.url, second.body]).toEqual([first.method, first.url, first.body]);
    const { authorization: old, ...before } = first.headers;
    const { authorization: credential, 'idempotency-key': key, ...after } = second.headers;
    expect(after).toEqual(before);
    expect(old).toBe('Bearer old');
    expect(credential).toMatch(/^Payment [A-Za-z0-9_-]+$/);
    expect(key).toBe(result.entry.id);
    expect(second.rawHeaders.filter((name) => name.toLowerCase() === 'authorization')).toHaveLength(1);
    expect(seller.credentials[0]?.challenge).toEqual(result.entry.challenge);
  });

  it("can leave the caller's own Authorization alone", async () => {
    const result = await purse.wallet.pay(
      { url: seller.url, headers: { Authorization: 'Bearer mine', 'Idempotency-Key': 'order-7' } },
      { credentialHeader: 'payment-authorization' },
    );
    await textOf(result.answer);
    expect(seller.seen[1]?.headers.authorization).toBe('Bearer mine');
    expect(seller.seen[1]?.headers['payment-authorization']).toMatch(/^Payment /);
    expect(seller.seen[1]?.headers['idempotency-key']).toBe('order-7');
  });

  it('declares what it can pay with, in both requests', async () => {
    await textOf((await purse.wallet.pay({ url: seller.url })).answer);
    expect(seller.seen.map(({ headers }) => headers['accept-payment'])).toEqual([
      'lightning/charge',
      'lightning/charge',
    ]);
  });
});

describe('payChallenge', () => {
  it('pays, keeps the proof and presents nothing', async () => {
    const challenge = await seller.challenge({ amountSat: 2n });
    const entry = await purse.wallet.payChallenge(challenge, { max: sat(2n) });
    expect(entry.payload).toEqual({ preimage: seller.node.preimageOf(entry.reference) });
    expect(seller.seen).toHaveLength(0);
    expect(await purse.wallet.resume(entry.id)).toMatchObject({ kind: 'proof' });
    expect((await failureOf(purse.wallet.payChallenge(challenge))).code).toBe('already_known');
    expect(purse.node.paid).toHaveLength(1);
  });

  it('keeps to the limit', async () => {
    const challenge = await seller.challenge({ amountSat: 101n });
    expect((await failureOf(purse.wallet.payChallenge(challenge))).code).toBe('price_above_max');
    expect(purse.node.paid).toHaveLength(0);
  });
});
