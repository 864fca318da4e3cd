import { createHash, randomBytes } from 'node:crypto';
import type { InvoiceRequest, PaymentState } from '@farebox/lightning';
import type { DevnetNode } from '../devnet-node.js';

// Shared by the tests of this package.

/** An invoice request of one satoshi that lives ten minutes: longer than any test. */
export function anInvoice(change: Partial<InvoiceRequest> = {}): InvoiceRequest {
  return { amountMsat: 1000n, description: 'test, regtest', expirySeconds: 600, ...change };
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

type Balance = Awaited<ReturnType<DevnetNode['balance']>>;

/**
 * The balance, asked again until it is what is expected: a payment that has ended leaves the channel a moment later, and a node
 * waits half a second for that, which a busy machine may need more of. After a minute and a half it is what it is.
 */
export async function balanceOf(
  node: Pick<DevnetNode, 'balance'>,
  expected: Partial<Balance>,
): Promise<Balance> {
  const end = Date.now() + 90_000;
  for (;;) {
    const balance = { ...(await node.balance()) };
    const isSo = Object.entries(expected).every(([side, msat]) => Reflect.get(balance, side) === msat);
    if (isSo || Date.now() > end) return balance;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Throws where so much, and no other amount, does not become spendable. See {@link balanceOf}. */
export async function expectSpendable(
  node: Pick<DevnetNode, 'balance'>,
  expectedMsat: bigint,
): Promise<void> {
  const { spendableMsat } = await balanceOf(node, { spendableMsat: expectedMsat });
  if (spendableMsat !== expectedMsat)
    throw new Error(`${spendableMsat} msat can be spent where ${expectedMsat} were expected.`);
}

const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';

/** The timestamp of an invoice, seconds: the first seven words of BOLT 11's data part. */
export function invoiceTimestamp(invoice: string): number {
  const data = invoice.slice(invoice.lastIndexOf('1') + 1);
  return [...data.slice(0, 7)].reduce((sum, letter) => sum * 32 + alphabet.indexOf(letter), 0);
}
