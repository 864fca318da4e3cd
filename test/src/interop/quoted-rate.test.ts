import { parseChallenges, parseReceipt, serializeCredential } from '@farebox/protocol';
import { readAll } from '@farebox/wallet';
import { fetch402, fetchWithMpp } from '@getalby/lightning-tools/402';
import { Mppx } from 'mppx/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Market, openMarket, payWith } from './market.js';
import { mppxLightningClient } from './mppx-lightning.js';

// The rate of a price in another currency stands in the challenge. Whatever a client makes of the challenge, it must come
// back as it was: the books have the rate from nowhere else.

let market: Market;
beforeAll(async () => {
  market = await openMarket();
});
afterAll(() => market.close());

/** What lightning-tools needs of a wallet. */
const wallet = {
  async payInvoice({ invoice }: { invoice: string }) {
    const { preimage, feeMsat } = await payWith(market.devnet.wallet, invoice);
    return { preimage, fees_paid: Number(feeMsat) };
  },
};

const clients: readonly [name: string, buy: (url: string) => Promise<Response>][] = [
  ['an mppx client', (url) => mppx().fetch(url)],
  ['fetch402 of lightning-tools', (url) => fetch402(url, {}, { wallet })],
  ['fetchWithMpp of lightning-tools', (url) => fetchWithMpp(url, {}, { wallet })],
  ['a client that keeps the text', byHand],
];

function mppx() {
  return Mppx.create({ polyfill: false, methods: [mppxLightningClient(market.devnet.wallet)] });
}

async function byHand(url: string): Promise<Response> {
  const unpaid = await fetch(url);
  const [challenge] = parseChallenges(unpaid.headers.get('www-authenticate') ?? '').challenges;
  if (challenge === undefined) throw new Error('no challenge');
  const { methodDetails } = JSON.parse(Buffer.from(challenge.request, 'base64url').toString());
  const { preimage } = await payWith(market.devnet.wallet, methodDetails.invoice);
  return fetch(url, {
    headers: { Authorization: serializeCredential({ challenge, payload: { preimage } }) },
  });
}

describe('what costs 0.002 USD', () => {
  it.each(clients)('is bought by %s, and the books know the rate', async (_, buy) => {
    const cost = await market.cost(async () => {
      const response = await buy(`${market.url}/v1/report`);
      expect([response.status, await response.json()]).toEqual([200, { served: 'GET /v1/report', body: '' }]);
      await booked(response.headers.get('payment-receipt'));
    });
    expect(cost).toBe(4_000n);
  });

  it('is bought by our wallet, and the books know the rate', async () => {
    const result = await market.wallet.pay({ url: `${market.url}/v1/report` });
    if (result.kind !== 'delivered') throw new Error(result.kind);
    await readAll(result.answer, 1_000);
    await booked(
      result.answer.headers.find(([name]) => name.toLowerCase() === 'payment-receipt')?.[1] ?? null,
    );
  });
});

async function booked(receiptText: string | null): Promise<void> {
  const receipt = parseReceipt(receiptText ?? '');
  if (!receipt.ok) throw new Error(receipt.detail);
  const claim = await market.ledger.find(receipt.value.challengeId ?? '');
  expect(claim?.paid).toEqual({ amount: 4n, currency: 'sat' });
  expect(claim?.rate).toMatchObject({ price: '0.002', currency: 'USD', rate: '65000', unit: 'BTC' });
}
