import { parseCredential, parseReceipt } from '@farebox/protocol';
import { fetch402, fetchWithMpp } from '@getalby/lightning-tools/402';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Market, openMarket, payWith } from './market.js';

let market: Market;

beforeAll(async () => {
  market = await openMarket();
});
afterAll(() => market.close());
beforeEach(() => {
  market.upstream.asked.length = 0;
});

/** What lightning-tools needs of a wallet. */
const wallet = {
  async payInvoice({ invoice }: { invoice: string }) {
    const { preimage, feeMsat } = await payWith(market.devnet.wallet, invoice);
    return { preimage, fees_paid: Number(feeMsat) };
  },
};

const note = JSON.stringify({ text: 'Grüße, “2 sat”' });
const post = () => ({ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: note });

/** What of our challenge came back in a credential. */
function echoOf(credential: string | undefined): string[] {
  const parsed = parseCredential(credential ?? '');
  if (!parsed.ok) throw new Error(parsed.detail);
  return Object.keys(parsed.value.challenge).sort();
}

const echoed = ['expires', 'id', 'intent', 'method', 'realm', 'request'];

describe.each([
  ['fetch402', fetch402],
  ['fetchWithMpp', fetchWithMpp],
])('%s of lightning-tools at our gateway', (_, pay) => {
  it('buys a GET, although it echoes neither opaque nor digest', async () => {
    let response = new Response();
    const cost = await market.cost(async () => {
      const paid = await pay(`${market.url}/v1/price`, {}, { wallet });
      expect(echoOf(paid.payment?.credentials.value)).toEqual(echoed);
      expect(paid.payment).toMatchObject({ paid: true, amountSat: 1, feesPaidMsat: 0 });
      response = paid;
    });
    expect([response.status, await response.json()]).toEqual([200, { served: 'GET /v1/price', body: '' }]);
    expect(cost).toBe(1_000n);
    const receipt = parseReceipt(response.headers.get('payment-receipt') ?? '');
    if (!receipt.ok) throw new Error(receipt.detail);
    expect(await market.devnet.merchant.lookupInvoice(receipt.value.reference)).toMatchObject({
      status: 'settled',
    });
  });

  it('buys a POST with a JSON body, bound although the digest is not echoed', async () => {
    const url = `${market.url}/v1/notes`;
    let credentials = { header: '', value: '' };
    const cost = await market.cost(async () => {
      const paid = await pay(url, post(), { wallet });
      expect([paid.status, await paid.json()]).toEqual([200, { served: 'POST /v1/notes', body: note }]);
      credentials = paid.payment?.credentials ?? credentials;
    });
    expect(cost).toBe(2_000n);
    expect(echoOf(credentials.value)).toEqual(echoed);
    expect(market.upstream.asked).toMatchObject([
      { body: note, headers: { 'content-type': 'application/json' } },
    ]);
  });

  it('cannot use its credential for another body or resource, nor twice, and never pays for trying', async () => {
    const url = `${market.url}/v1/notes`;
    // The upstream fails, so the credential is a credit: every refusal below is for its own reason.
    market.upstream.failures = 1;
    const failed = await pay(url, post(), { wallet });
    expect([failed.status, failed.headers.has('payment-receipt')]).toEqual([503, false]);
    const credentials = failed.payment?.credentials;
    if (credentials === undefined) throw new Error('It made no credential.');
    const cost = await market.cost(async () => {
      const statuses: number[] = [];
      const reuse = async (target: string, init: RequestInit) => {
        statuses.push((await pay(target, init, { wallet, credentials })).status);
      };
      await reuse(url, { ...post(), body: note.replace('2', '3') });
      await reuse(`${market.url}/v1/price`, {});
      await reuse(url, post());
      await reuse(url, post());
      expect(statuses).toEqual([402, 402, 200, 402]);
    });
    expect(cost).toBe(0n);
    expect(market.upstream.asked).toHaveLength(2);
  });
});

it('fetch402 of lightning-tools reads the amount of our invoices, and keeps to its own limit', async () => {
  const cost = await market.cost(async () => {
    const refused = fetch402(`${market.url}/v1/notes`, post(), { wallet, maxAmount: 1 });
    await expect(refused).rejects.toMatchObject({
      name: 'Fetch402InterruptedError',
      paid: false,
      amountSat: 2,
    });
  });
  expect([cost, market.upstream.asked]).toEqual([0n, []]);
});
