import { describe, expect, it } from 'vitest';
import { encodeInvoice } from '../bolt11/encode.js';
import { checkCreatedInvoice, wholeSat } from './created-invoice.js';

const paymentHash = 'ab'.repeat(32);
const request = { amountMsat: 1_000n, description: 'x', expirySeconds: 60 };

function invoiceOf(change: Parameters<typeof encodeInvoice>[0] | object = {}): string {
  const draft = {
    network: 'regtest',
    timestamp: 1_700_000_000,
    paymentHash,
    amountMsat: 1_000n,
    description: 'x',
  } as const;
  const made = encodeInvoice({ ...draft, ...change }, new Uint8Array(32).fill(7));
  if (!made.ok) throw new Error(made.detail);
  return made.value;
}

describe('an invoice that a node has made', () => {
  it('is given out with the hash that is in it', () => {
    const invoice = invoiceOf();
    for (const named of [undefined, paymentHash, paymentHash.toUpperCase()]) {
      expect(checkCreatedInvoice('LND', { invoice, paymentHash: named }, request, 'regtest')).toEqual({
        invoice,
        paymentHash,
      });
    }
  });

  it.each([
    ['another amount', invoiceOf({ amountMsat: 1_001n }), '1001 msat, not 1000 msat'],
    ['a thousandth of it', invoiceOf({ amountMsat: 1n }), '1 msat, not 1000 msat'],
    ['any amount', invoiceOf({ amountMsat: undefined }), 'any amount, not 1000 msat'],
    ['another network', invoiceOf({ network: 'mainnet' }), 'for mainnet, not regtest'],
    ['nobody', 'lnbcrt1', 'cannot be read'],
  ])('is not given out when it is for %s', (_, invoice, words) => {
    const check = () => checkCreatedInvoice('LND', { invoice, paymentHash }, request, 'regtest');
    expect(check).toThrow(words);
    expect(check).toThrow(expect.objectContaining({ name: 'NodeError', code: 'node_misbehaved' }));
  });

  it('is not given out when the node names another hash', () => {
    const claim = { invoice: invoiceOf(), paymentHash: 'cd'.repeat(32) };
    expect(() => checkCreatedInvoice('LND', claim, request, 'regtest')).toThrow('another payment hash');
  });
});

describe('whole satoshis', () => {
  it('are counted, and never rounded', () => {
    expect(wholeSat('phoenixd', 21_000n)).toBe(21n);
    for (const amountMsat of [1n, 999n, 1_001n]) {
      expect(() => wholeSat('phoenixd', amountMsat)).toThrow(
        expect.objectContaining({ code: 'node_refused' }),
      );
    }
  });
});
