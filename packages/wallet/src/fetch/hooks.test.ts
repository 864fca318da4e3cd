import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failureOf } from '../testing/failure.js';
import { openTestPurse, type TestPurse } from '../testing/purse.js';
import { honest, Seller } from '../testing/seller.js';
import type { PaymentHooks, PaymentNotice, QuoteNotice } from './hooks.js';
import { createPayingFetch } from './paying-fetch.js';

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

const make = (hooks: PaymentHooks) => createPayingFetch({ wallet: purse.wallet, ...hooks });
const paid = () => purse.node.paid.length;
const boom = () => {
  throw new Error('boom');
};

describe('onQuote', () => {
  it('sees what it would cost, before anything is paid', async () => {
    const seen: [QuoteNotice, number][] = [];
    const payingFetch = make({ onQuote: (quote) => void seen.push([quote, paid()]) });
    await (await payingFetch(`${seller.url}/a`, { method: 'POST', body: '{}' })).text();
    expect(seen).toMatchObject([
      [
        {
          inspection: { price: { amount: 1n, currency: 'sat' }, payee: seller.node.nodeId },
          challenge: { realm: seller.url },
          request: { url: `${seller.url}/a`, method: 'POST' },
        },
        0,
      ],
    ]);
  });

  it.each<[string, PaymentHooks['onQuote']]>([
    ['false', () => false],
    ['a promise of false', async () => false],
    ['an exception', boom],
    ['a rejection', async () => boom()],
  ])('%s refuses: nothing is paid, nothing is written', async (_name, onQuote) => {
    const failure = await failureOf(make({ onQuote })(seller.url));
    expect(failure).toMatchObject({
      code: 'quote_refused',
      exitClass: 'policy',
      spent: 'no',
      retry: 'never',
    });
    expect([paid(), purse.journal.list().length, seller.seen.length]).toEqual([0, 0, 1]);
  });

  it('is not asked where a limit has refused already, nor for what is free', async () => {
    let asked = 0;
    const onQuote = () => {
      asked += 1;
    };
    const max = { amount: 1n, currency: 'msat' };
    await failureOf(createPayingFetch({ wallet: purse.wallet, max, onQuote })(seller.url));
    seller.behave(({ response }) => void response.end('free'));
    await (await make({ onQuote })(seller.url)).text();
    expect(asked).toBe(0);
  });

  it('cannot change what is paid', async () => {
    const onQuote = ({ challenge, inspection }: QuoteNotice) => {
      Object.assign(challenge, { request: 'e30', id: 'x' });
      Object.assign(inspection.price, { amount: 1_000_000n });
    };
    expect(await (await make({ onQuote })(seller.url)).text()).toBe('{"rate":1}');
    expect(seller.credentials[0]?.challenge.id).not.toBe('x');
    expect(purse.journal.list()[0]?.price.amount).toBe(1n);
  });

  it('that never answers can be given up', async () => {
    const controller = new AbortController();
    const onQuote = () => {
      controller.abort('enough');
      return new Promise(() => undefined);
    };
    const failure = await failureOf(make({ onQuote })(seller.url, { signal: controller.signal }));
    expect(failure).toMatchObject({ code: 'aborted', cause: 'enough', spent: 'no' });
    expect(paid()).toBe(0);
  });

  it('that takes longer than the challenge lives: nothing is paid', async () => {
    let nowMs = Date.now();
    const wallet = purse.another({ now: () => nowMs });
    const onQuote = () => {
      nowMs += 600_000;
    };
    const failure = await failureOf(createPayingFetch({ wallet, onQuote })(seller.url));
    expect(failure).toMatchObject({ code: 'challenge_expired', spent: 'no' });
    expect(paid()).toBe(0);
  });
});

describe('onPayment and onReceipt', () => {
  it('come in order: paid and on disk, then answered; neither sees the proof', async () => {
    const told: [string, string, PaymentNotice][] = [];
    const stateOf = ({ id }: PaymentNotice) => purse.journal.find(id)?.state ?? '';
    const payingFetch = make({
      onPayment: (payment) => void told.push(['payment', stateOf(payment), payment]),
      onReceipt: (receipt, payment) =>
        void told.push([`receipt ${receipt.status}`, stateOf(payment), payment]),
    });
    await (await payingFetch(seller.url)).text();
    expect(told.map(([name, state]) => [name, state])).toEqual([
      ['payment', 'paid'],
      ['receipt valid', 'presented'],
    ]);
    const [preimage] = seller.credentials.map(({ payload }) => String(payload.preimage));
    expect(preimage).toMatch(/^[0-9a-f]{64}$/);
    const text = JSON.stringify(told, (_key, value) => (typeof value === 'bigint' ? String(value) : value));
    expect(text).not.toContain(preimage);
  });

  it.each<[string, () => unknown]>([
    ['throws', boom],
    ['rejects', async () => boom()],
    ['never ends', () => new Promise(() => undefined)],
  ])('a hook that %s loses nothing', async (name, hook) => {
    const errors: string[] = [];
    const payingFetch = make({
      onPayment: hook,
      onReceipt: hook,
      onHookError: (error, from) => {
        errors.push(`${from}: ${String(error)}`);
        boom();
      },
    });
    expect(await (await payingFetch(seller.url)).text()).toBe('{"rate":1}');
    expect(purse.journal.list()[0]?.state).toBe('delivered');
    expect(paid()).toBe(1);
    const expected = name === 'never ends' ? [] : ['onPayment: Error: boom', 'onReceipt: Error: boom'];
    expect(errors).toEqual(expected);
  });

  it('cannot change what is presented', async () => {
    const onPayment = (payment: PaymentNotice) => {
      Object.assign(payment.challenge, { id: 'x' });
      Object.assign(payment, { state: 'not-paid' });
    };
    expect(await (await make({ onPayment })(seller.url)).text()).toBe('{"rate":1}');
    expect(seller.credentials[0]?.challenge.id).not.toBe('x');
  });

  it('are told of a resumed answer too, and not of a payment that was not made', async () => {
    const told: string[] = [];
    const payingFetch = make({
      onPayment: () => void told.push('payment'),
      onReceipt: () => void told.push('receipt'),
    });
    seller.behave((turn) =>
      turn.seen.credential === undefined ? honest(turn) : void turn.response.writeHead(503).end(),
    );
    const { paymentId = '' } = await failureOf(payingFetch(seller.url));
    expect(told).toEqual(['payment']);
    seller.behave(honest);
    await (await payingFetch.resume(paymentId)).text();
    expect(told).toEqual(['payment', 'receipt']);
    purse.node.next = () => Promise.resolve({ status: 'failed', reason: 'no route' });
    await failureOf(payingFetch(seller.url));
    expect(told).toEqual(['payment', 'receipt']);
  });
});
