import { encodeRequest, type JsonObject, MethodUnavailable, type VerifiedChallenge } from '@farebox/protocol';
import { describe, expect, it, vi } from 'vitest';
import { PaperNode } from '../paper/paper-node.js';
import { nowMs } from '../testing/charge-challenge.js';
import { parseChargeRequest } from './request.js';
import { lightningSeller } from './seller.js';

const context = { nowMs, challengeLifeMs: 300_000 };
const offer = { method: 'lightning', intent: 'charge', price: { amount: 1n, currency: 'sat' } } as const;

describe('a price in another currency', () => {
  const dollars = { ...offer, price: { amount: 2_000n, currency: 'micro-USD' } };

  it('is quoted in the satoshis that it is now', async () => {
    const node = new PaperNode({ now: () => nowMs });
    const convert = vi.fn(() => ({ amountSat: 4n }));
    const quote = await lightningSeller({ node, network: 'regtest', convert }).quote(dollars, context);
    expect(quote.request).toMatchObject({ amount: '4', currency: 'sat' });
    expect(convert).toHaveBeenCalledWith(dollars.price, nowMs);
  });

  it('names its rate in the challenge, and from there in the settlement', async () => {
    const rate = { price: '0.002', currency: 'USD', rate: '65012.5', unit: 'BTC', asOfMs: nowMs - 60_000 };
    const node = new PaperNode({ now: () => nowMs });
    const seller = lightningSeller({ node, network: 'regtest', convert: () => ({ amountSat: 1n, rate }) });
    const { request } = await seller.quote(dollars, context);
    expect(request.methodDetails).toMatchObject({
      quotedRate: {
        price: '0.002',
        currency: 'USD',
        rate: '65012.5',
        unit: 'BTC',
        asOf: new Date(rate.asOfMs).toISOString(),
      },
    });
    const asked = parseChargeRequest(request);
    if (!asked.ok) throw new Error(asked.detail);
    expect(asked.value.quotedRate).toEqual(rate);
    const { invoice, paymentHash: paid } = asked.value;
    const state = await node.payInvoice({ invoice, maxFeeMsat: 0n, timeoutMs: 1_000 });
    if (state.status !== 'succeeded') throw new Error(state.status);
    const { preimage } = state;
    const challenge = (requestObject: JsonObject): VerifiedChallenge => ({
      id: 'id',
      realm: 'r',
      method: 'lightning',
      intent: 'charge',
      request: encodeRequest(requestObject),
      requestObject,
      expires: new Date(nowMs + 300_000).toISOString(),
    });
    const settled = await seller.verify(challenge(request), { preimage }, { nowMs });
    expect(settled).toEqual({
      ok: true,
      settlement: { reference: paid, paid: { amount: 1n, currency: 'sat' }, rate },
    });
    // What cannot be read is no rate, and no reason to refuse a payment.
    for (const quotedRate of ['1', null, {}, { ...rate, asOf: 'today' }, [rate]]) {
      const details = { invoice, paymentHash: paid ?? null, quotedRate };
      const odd = challenge({ ...request, methodDetails: details });
      expect(await seller.verify(odd, { preimage }, { nowMs })).toEqual({
        ok: true,
        settlement: { reference: paid, paid: { amount: 1n, currency: 'sat' } },
      });
    }
  });

  it('is not sold while there is no rate, in a currency that is not known, or for nothing', async () => {
    const node = new PaperNode({ now: () => nowMs });
    const createInvoice = vi.spyOn(node, 'createInvoice');
    const stale = new MethodUnavailable('The rate for USD is 900 s old.');
    const throwing = () => {
      throw stale;
    };
    for (const convert of [throwing, () => undefined, () => ({ amountSat: 0n })]) {
      const quote = lightningSeller({ node, network: 'regtest', convert }).quote(dollars, context);
      const failure: unknown = await quote.catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(MethodUnavailable);
      if (convert === throwing) expect(failure).toBe(stale);
    }
    expect(createInvoice).not.toHaveBeenCalled();
  });

  it('never touches a price in sat', async () => {
    const node = new PaperNode({ now: () => nowMs });
    const quote = await lightningSeller({
      node,
      network: 'regtest',
      convert: () => ({ amountSat: 99n }),
    }).quote(offer, context);
    expect(quote.request).toMatchObject({ amount: '1' });
  });
});
