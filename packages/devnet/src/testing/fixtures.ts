import { createHash, randomBytes } from 'node:crypto';
import type { InvoiceRequest, PaymentState } from '@farebox/lightning';

// Shared by the tests of this package.

/** An invoice request of one satoshi that lives a minute. */
export function anInvoice(change: Partial<InvoiceRequest> = {}): InvoiceRequest {
  return { amountMsat: 1000n, description: 'test, regtest', expirySeconds: 60, ...change };
}

/** SHA-256 of hex, in hex. */
export function hashOf(preimage: string): string {
  return createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex');
}

/** A preimage and its hash, in hex. */
export function newSecret(): { preimage: string; paymentHash: string } {
  const preimage = randomBytes(32).toString('hex');
  return { preimage, paymentHash: hashOf(preimage) };
}

/** The success of a payment; throws what it was instead. */
export function succeeded(state: PaymentState): Extract<PaymentState, { status: 'succeeded' }> {
  if (state.status === 'succeeded') return state;
  throw new Error(`The payment did not succeed: ${JSON.stringify(state)}`);
}

/** Polls until the condition holds. Throws after a minute and a half: a machine may be busy. */
export async function eventually(condition: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + 90_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('It did not come true in a minute and a half.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';

/** The timestamp of an invoice, seconds: the first seven words of BOLT 11's data part. */
export function invoiceTimestamp(invoice: string): number {
  const data = invoice.slice(invoice.lastIndexOf('1') + 1);
  return [...data.slice(0, 7)].reduce((sum, letter) => sum * 32 + alphabet.indexOf(letter), 0);
}
