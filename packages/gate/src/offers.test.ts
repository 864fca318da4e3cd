import type { Offer } from '@farebox/protocol';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { protectFetch } from './adapters/fetch.js';
import type { Terms } from './terms.js';
import { openRig, price, type Rig, refusedWith, safe } from './testing/rig.js';

let rig: Rig | undefined;

async function open(): Promise<Rig> {
  rig = await openRig();
  return rig;
}

afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

describe('two offers that are one way of paying', () => {
  const way = (method: string, amount: bigint, currency: string): Offer => ({
    method,
    intent: 'charge',
    price: { amount, currency },
  });
  const sat = (amount: bigint) => way('lightning', amount, 'sat');

  it.each([
    ['the same twice', [sat(1n), sat(1n)]],
    ['two prices', [sat(1n), sat(2n)]],
    ['two currencies over Lightning', [sat(1n), way('lightning', 2n, 'USD')]],
    ['one token twice', [way('tempo', 1n, '0x1'), way('tempo', 1n, '0x1')]],
  ])('are refused before the node makes an invoice for each: %s', async (_, offers) => {
    const on = await open();
    const asked = vi.spyOn(on.node, 'createInvoice');
    const terms = { ...safe, offers };
    expect(() => on.gate.protect(terms, () => undefined)).toThrow(TypeError);
    const admitted = async () => on.gate.admit(price, terms);
    await expect(admitted()).rejects.toThrow(/one way of paying twice/);
    const answer = refusedWith(await on.gate.admit(price, { ...safe, offersFor: () => offers }));
    expect(answer.status).toBe(500);
    expect(asked).not.toHaveBeenCalled();
  });

  it('are not two tokens', async () => {
    const on = await open();
    const terms = { ...safe, offers: [way('tempo', 1n, '0x1'), way('tempo', 1n, '0x2'), sat(1n)] };
    expect(refusedWith(await on.gate.admit(price, terms)).status).toBe(402);
  });
});

// The bounds of a claim (packages/ledger/src/request-bounds.ts): the ledger is asked when the money has moved.
describe('an offer that the ledger would refuse to book', () => {
  const [offer] = safe.offers;
  if (offer === undefined) throw new Error('the rig sells nothing');
  const priced = (amount: bigint, currency = 'sat'): Terms => ({
    ...safe,
    offers: [{ ...offer, price: { amount, currency } }],
  });

  it.each<[string, Terms]>([
    ['more than 2^63 - 1', priced(2n ** 63n)],
    ['less than nothing', priced(-1n)],
    ['no currency', priced(1n, '')],
    ['a currency beyond all measure', priced(1n, 'x'.repeat(513))],
    ['a route without a name', { ...safe, route: '' }],
    ['a route beyond all measure', { ...safe, route: 'x'.repeat(513) }],
    ['a route that is no text', { ...safe, route: 'GET /\u0000' }],
  ])('is not sold: %s', async (_, terms) => {
    const on = await open();
    const asked = vi.spyOn(on.node, 'createInvoice');
    expect(() => on.gate.protect(terms, () => undefined)).toThrow(TypeError);
    expect(() => protectFetch(on.gate, terms, () => new Response())).toThrow(TypeError);
    const admitted = async () => on.gate.admit(price, terms);
    await expect(admitted()).rejects.toThrow(/cannot book/);
    const lateTerms = { ...terms, offersFor: () => terms.offers };
    expect(refusedWith(await on.gate.admit(price, lateTerms)).status).toBe(500);
    expect(asked).not.toHaveBeenCalled();
  });

  it('is sold up to the last unit', async () => {
    const on = await open();
    const terms: Terms = { ...safe, route: 'x'.repeat(512) };
    expect(refusedWith(await on.gate.admit(price, terms)).status).toBe(402);
    expect(() => on.gate.protect(priced(2n ** 63n - 1n), () => undefined)).not.toThrow();
  });
});
