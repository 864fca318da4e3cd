import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failureOf } from '../testing/failure.js';
import { openTestPurse, type TestPurse } from '../testing/purse.js';
import { Seller } from '../testing/seller.js';

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

const paidSat = () => purse.node.paid.length;

describe('the place', () => {
  it('nobody there', async () => {
    const { url } = seller;
    await seller.close();
    expect((await failureOf(purse.wallet.pay({ url }))).code).toBe('unreachable');
  });

  it('plain http to another machine is not even asked, and can be allowed', async () => {
    let asked = 0;
    const toSeller: typeof fetch = (_url, init) => {
      asked++;
      return fetch(seller.url, init);
    };
    const url = 'http://shop.example/price';
    const headers = { 'X-API-Key': 'secret' };
    const wallet = purse.another({ fetch: toSeller });
    for (const attempt of [wallet.pay({ url, headers }), wallet.preview({ url, headers })]) {
      const failure = await failureOf(attempt);
      expect(failure).toMatchObject({ code: 'insecure_url', exitClass: 'policy' });
    }
    expect([asked, paidSat()]).toEqual([0, 0]);
    const result = await purse.another({ fetch: toSeller, allowInsecure: true }).pay({ url });
    expect(result.kind).toBe('delivered');
  });
});

describe('the node', () => {
  it('breaks down after it was asked: unknown, and resume finds out without paying', async () => {
    const { node } = purse;
    node.next = async (request) => {
      await node.payInvoice(request);
      throw new Error('connection lost');
    };
    const result = await purse.wallet.pay({ url: seller.url }).catch((error: unknown) => error);
    // The method asks the node itself; either it has found out at once, or the wallet says that it is not known.
    if (result instanceof Error) {
      const failure = await failureOf(Promise.reject(result));
      expect(failure).toMatchObject({ code: 'payment_unknown', exitClass: 'unknown' });
      const resumed = await purse.wallet.resume(failure.paymentId ?? '');
      expect(resumed.kind).toBe('delivered');
    }
    expect(paidSat()).toBe(1);
  });

  it('a method that throws has not said that nothing was sent', async () => {
    const { lightning } = purse;
    const breaking = {
      method: 'lightning',
      intent: 'charge',
      inspect: lightning.inspect.bind(lightning),
      resume: lightning.resume.bind(lightning),
      pay: async (...args: Parameters<typeof lightning.pay>) => {
        await lightning.pay(...args);
        throw new Error('boom');
      },
    };
    const wallet = purse.another({ methods: [breaking] });
    const failure = await failureOf(wallet.pay({ url: seller.url }));
    expect(failure).toMatchObject({ code: 'payment_unknown', retry: 'resume' });
    expect(purse.journal.find(failure.paymentId ?? '')?.state).toBe('payment-unknown');
    expect((await wallet.resume(failure.paymentId ?? '')).kind).toBe('delivered');
    expect(paidSat()).toBe(1);
  });
});
