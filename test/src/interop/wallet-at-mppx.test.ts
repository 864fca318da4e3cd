import { parseChallenges } from '@farebox/protocol';
import { type Delivered, type PayableRequest, readAll } from '@farebox/wallet';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Market, openMarket } from './market.js';
import { type MppxSeller, type MppxSellerOptions, startMppxSeller } from './mppx-seller.js';

let market: Market;
let seller: MppxSeller;

beforeAll(async () => {
  market = await openMarket();
});
afterAll(() => market.close());
afterEach(() => seller.close());

async function open(options?: MppxSellerOptions): Promise<string> {
  seller = await startMppxSeller(market.devnet.merchant, options);
  return seller.url;
}

/** Buys with our wallet; the answer must be paid for, and cost 3 sat. */
async function buy(request: PayableRequest): Promise<{ result: Delivered; body: unknown }> {
  let result: Delivered | undefined;
  let body: unknown;
  const cost = await market.cost(async () => {
    const bought = await market.wallet.pay(request, { max: { amount: 3n, currency: 'sat' } });
    if (bought.kind !== 'delivered') throw new Error('nothing was paid');
    body = JSON.parse(new TextDecoder().decode(await readAll(bought.answer, 100_000)));
    result = bought;
  });
  if (result === undefined) throw new Error('nothing was bought');
  expect(cost).toBe(3_000n);
  return { result, body };
}

describe('our wallet at an mppx seller', () => {
  it('buys a GET and accepts the receipt', async () => {
    const url = await open();
    const { result, body } = await buy({ url: `${url}/note/1?full=yes` });
    expect(body).toEqual({ served: 'GET /note/1?full=yes', body: '' });
    expect(result.receipt).toMatchObject({
      status: 'valid',
      receipt: {
        method: 'lightning',
        reference: result.entry.reference,
        challengeId: result.entry.challenge.id,
      },
    });
    expect(await market.devnet.merchant.lookupInvoice(result.entry.reference)).toMatchObject({
      status: 'settled',
    });
    expect(seller.asked).toHaveLength(2);
  });

  it('buys a POST with a JSON body, sent the same both times', async () => {
    const url = await open();
    const note = JSON.stringify({ text: 'Grüße, “3 sat”' });
    const headers = { 'Content-Type': 'application/json', 'X-Caller': 'me' };
    const { body, result } = await buy({ url: `${url}/notes`, method: 'POST', headers, body: note });
    expect(body).toEqual({ served: 'POST /notes', body: note });
    expect(result.receipt.status).toBe('valid');
    const same = { line: 'POST /notes', body: note };
    expect(seller.asked).toMatchObject([same, same]);
    for (const { headers: sent } of seller.asked) {
      expect(sent).toMatchObject({ 'content-type': 'application/json', 'x-caller': 'me' });
    }
  });

  it('previews without paying what mppx asks', async () => {
    const url = await open();
    const cost = await market.cost(async () => {
      const preview = await market.wallet.preview({ url }, { max: { amount: 3n, currency: 'sat' } });
      if (preview.kind !== 'priced') throw new Error('not priced');
      expect(preview.inspection).toMatchObject({
        price: { amount: 3n, currency: 'sat' },
        network: 'regtest',
      });
      expect(preview.challenge).toMatchObject({ realm: 'mppx.example.com', description: 'one note' });
      expect(preview.objection).toBeUndefined();
    });
    expect(cost).toBe(0n);
  });

  it('sends the credential in Payment-Authorization where the challenge asks for it, and keeps Authorization', async () => {
    const url = await open({ requiresAuth: true });
    const headers = { Authorization: 'Bearer of-the-application' };
    const { body, result } = await buy({ url: `${url}/note/2`, headers });
    expect(body).toEqual({ served: 'GET /note/2', body: '' });
    expect(result.entry.challenge.header).toBe('Payment-Authorization');
    expect(seller.asked.map((each) => each.headers.authorization)).toEqual([
      headers.Authorization,
      headers.Authorization,
    ]);
    expect(seller.asked[1]?.headers['payment-authorization']).toMatch(/^Payment /);
  });

  it.each([
    ['quotes and backslashes', 'a "note" \\ with, commas, id="x"'],
    ['letters of Latin-1', 'café'],
    ['letters beyond it', 'a note — “one” 🎉'],
  ])('is not put off by %s in the description', async (_, description) => {
    const url = await open({ description });
    const { result } = await buy({ url: `${url}/note/3` });
    expect(result.receipt.status).toBe('valid');
  });

  it('makes a credential that mppx takes once', async () => {
    const url = await open();
    const { result } = await buy({ url: `${url}/note/4` });
    const sent = String(seller.asked[1]?.headers.authorization);
    const again = await fetch(`${url}/note/4`, { headers: { Authorization: sent } });
    expect([sent.slice(0, 8), again.status]).toEqual(['Payment ', 402]);
    // The new challenge has an invoice of its own: nobody is asked to pay the old one twice.
    const [challenge] = parseChallenges(again.headers.get('www-authenticate') ?? '').challenges;
    if (challenge === undefined) throw new Error('There is no challenge.');
    expect(market.wallet.quote(challenge).inspection.reference).not.toBe(result.entry.reference);
  });
});
