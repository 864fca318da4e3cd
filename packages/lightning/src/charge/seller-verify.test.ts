import { encodeRequest, type JsonObject, type VerifiedChallenge } from '@farebox/protocol';
import { describe, expect, it } from 'vitest';
import { PaperNode } from '../paper/paper-node.js';
import { nowMs, paymentHash, preimage } from '../testing/charge-challenge.js';
import { parseChargeRequest } from './request.js';
import { lightningSeller } from './seller.js';

const context = { nowMs, challengeLifeMs: 300_000 };
const offer = { method: 'lightning', intent: 'charge', price: { amount: 3n, currency: 'sat' } } as const;

function challenge(changes: Partial<VerifiedChallenge> = {}): VerifiedChallenge {
  const requestObject: JsonObject = changes.requestObject ?? {
    amount: '21',
    currency: 'sat',
    methodDetails: { invoice: 'lnbcrt…', paymentHash, network: 'regtest' },
  };
  return {
    id: 'kM9xPqWvT2nJrHsY4aDfEb',
    realm: 'api.example.com',
    method: 'lightning',
    intent: 'charge',
    request: encodeRequest(requestObject),
    expires: '2026-03-15T12:05:00Z',
    requestObject,
    ...changes,
  };
}

describe('verify', () => {
  const seller = lightningSeller({ node: new PaperNode(), network: 'regtest' });

  it('accepts the preimage, synchronously, and settles under the payment hash', () => {
    expect(seller.verify(challenge(), { preimage }, { nowMs })).toEqual({
      ok: true,
      settlement: {
        reference: paymentHash,
        paid: { amount: 21n, currency: 'sat' },
      },
    });
  });

  it.each([
    ['no preimage', {}],
    ['a number', { preimage: 5 }],
    ['a list', { preimage: [preimage] }],
    ['an empty text', { preimage: '' }],
    ['63 characters', { preimage: preimage.slice(1) }],
    ['65 characters', { preimage: `${preimage}0` }],
    ['capitals', { preimage: preimage.toUpperCase() }],
    ['a prefix', { preimage: `0x${preimage.slice(2)}` }],
    ['a line feed', { preimage: `${preimage}\n` }],
  ])('calls %s malformed', (_, payload: JsonObject) => {
    expect(seller.verify(challenge(), payload, { nowMs })).toMatchObject({
      refusal: { reason: 'malformed' },
    });
  });

  it('refuses another preimage, and says so without repeating it', () => {
    const wrong = '5b'.repeat(32);
    const verification = seller.verify(challenge(), { preimage: wrong }, { nowMs });
    expect(verification).toMatchObject({ ok: false, refusal: { reason: 'invalid-proof' } });
    expect(JSON.stringify(verification)).not.toContain(wrong);
  });

  it('refuses the payment hash itself, which everybody knows', () => {
    expect(seller.verify(challenge(), { preimage: paymentHash }, { nowMs })).toMatchObject({
      refusal: { reason: 'invalid-proof' },
    });
  });

  it('accepts until the instant of expiry and not from it on', () => {
    const expiresMs = Date.parse('2026-03-15T12:05:00Z');
    expect(seller.verify(challenge(), { preimage }, { nowMs: expiresMs - 1 })).toMatchObject({ ok: true });
    for (const late of [expiresMs, expiresMs + 1, Number.POSITIVE_INFINITY, Number.NaN]) {
      expect(seller.verify(challenge(), { preimage }, { nowMs: late })).toMatchObject({
        refusal: { reason: 'expired' },
      });
    }
  });

  it('takes a challenge without a readable expiry for expired', () => {
    const { expires, ...endless } = challenge();
    expect(expires).toBeDefined();
    expect(seller.verify(endless, { preimage }, { nowMs })).toMatchObject({ refusal: { reason: 'expired' } });
    expect(seller.verify(challenge({ expires: 'never' }), { preimage }, { nowMs })).toMatchObject({
      ok: false,
    });
  });

  it.each([
    ['no amount', { currency: 'sat', methodDetails: { paymentHash } }],
    ['an amount of nothing', { amount: '0', currency: 'sat', methodDetails: { paymentHash } }],
    ['a negative amount', { amount: '-1', currency: 'sat', methodDetails: { paymentHash } }],
    ['a number for an amount', { amount: 21, currency: 'sat', methodDetails: { paymentHash } }],
    ['another currency', { amount: '21', currency: 'usd', methodDetails: { paymentHash } }],
    [
      'its payment hash in capitals',
      { amount: '21', currency: 'sat', methodDetails: { paymentHash: paymentHash.toUpperCase() } },
    ],
    [
      'a list for a payment hash',
      { amount: '21', currency: 'sat', methodDetails: { paymentHash: [paymentHash] } },
    ],
    ['no payment hash', { amount: '21', currency: 'sat', methodDetails: {} }],
    ['no method details', { amount: '21', currency: 'sat' }],
    ['a list of method details', { amount: '21', currency: 'sat', methodDetails: [] }],
  ])('refuses a challenge with %s', (_, requestObject: JsonObject) => {
    // However late it is.
    for (const asked of [nowMs, Number.POSITIVE_INFINITY])
      expect(seller.verify(challenge({ requestObject }), { preimage }, { nowMs: asked })).toMatchObject({
        refusal: { reason: 'malformed' },
      });
  });

  it('says of what has expired that it has, whatever the preimage', () => {
    const late = { nowMs: Number.POSITIVE_INFINITY };
    for (const any of [preimage, '5b'.repeat(32)])
      expect(seller.verify(challenge(), { preimage: any }, late)).toMatchObject({
        refusal: { reason: 'expired' },
      });
  });

  it('settles what its own quote asked for', async () => {
    const node = new PaperNode({ now: () => nowMs });
    const own = lightningSeller({ node, network: 'regtest' });
    const quote = await own.quote(offer, context);
    const request = parseChargeRequest(quote.request);
    if (!request.ok || request.value.paymentHash === undefined) throw new Error('The quote cannot be read');
    const bought = challenge({
      requestObject: quote.request,
      expires: new Date(quote.expiresMs).toISOString(),
    });
    const paid = node.preimageOf(request.value.paymentHash) ?? '';
    expect(own.verify(bought, { preimage: paid }, { nowMs })).toMatchObject({
      ok: true,
      settlement: { reference: request.value.paymentHash, paid: { amount: 3n, currency: 'sat' } },
    });
  });
});

it('names the four problem types of the draft', () => {
  expect(lightningSeller({ node: new PaperNode(), network: 'regtest' }).problems).toEqual({
    malformed: 'https://paymentauth.org/problems/lightning/malformed-credential',
    unknown: 'https://paymentauth.org/problems/lightning/unknown-challenge',
    invalidProof: 'https://paymentauth.org/problems/lightning/invalid-preimage',
    expired: 'https://paymentauth.org/problems/lightning/expired-invoice',
  });
});
