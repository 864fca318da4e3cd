import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { PaperNode } from '../paper/paper-node.js';
import { OnePayment } from './one-payment.js';
import { payTimeoutMsMax, provenSuccess, readOutgoing } from './outgoing-payment.js';

const limits = { maxFeeMsat: 0n, timeoutMs: 1_000 };
const nowMs = Date.now();
const node = new PaperNode({ now: () => nowMs });
const made = () => node.createInvoice({ amountMsat: 1_500n, description: '', expirySeconds: 60 });

describe('readOutgoing', () => {
  it('takes hash and amount from the invoice itself', async () => {
    const { invoice, paymentHash } = await made();
    expect(readOutgoing('LND', { invoice, ...limits }, 'regtest', nowMs)).toEqual({
      invoice,
      paymentHash,
      amountMsat: 1_500n,
      ...limits,
    });
  });

  it.each([
    ['another network', { network: 'mainnet' }],
    ['an expired invoice', { at: nowMs + 60_000 }],
    ['a negative cap', { request: { maxFeeMsat: -1n } }],
    ['no time', { request: { timeoutMs: 0 } }],
    ['no number as time', { request: { timeoutMs: Number.NaN } }],
    ['all the time there is', { request: { timeoutMs: payTimeoutMsMax + 1 } }],
    ['no invoice', { request: { invoice: 'lnbcrt1' } }],
  ] as const)('refuses %s', async (_, change: { network?: 'mainnet'; at?: number; request?: object }) => {
    const { invoice } = await made();
    const request = { invoice, ...limits, ...change.request };
    expect(() => readOutgoing('LND', request, change.network ?? 'regtest', change.at ?? nowMs)).toThrow(
      expect.objectContaining({ code: 'node_refused' }),
    );
  });
});

describe('provenSuccess', () => {
  const preimage = 'ab'.repeat(32);
  const paymentHash = createHash('sha256').update(Buffer.from(preimage, 'hex')).digest('hex');

  it('believes the preimage of the hash, in either case, and no negative fee', () => {
    expect(provenSuccess(paymentHash, preimage.toUpperCase(), -1n)).toEqual({
      status: 'succeeded',
      preimage,
      feeMsat: 0n,
    });
  });

  it.each([undefined, '', 'zz', paymentHash, `${preimage}00`, '0'.repeat(64)])(
    'does not believe %s',
    (claimed) => {
      expect(provenSuccess(paymentHash, claimed, 0n)).toEqual({ status: 'in-flight' });
    },
  );
});

describe('OnePayment', () => {
  it('pays once however many ask, tells all the same, and pays again afterwards', async () => {
    const payments = new OnePayment();
    let paid = 0;
    let end: () => void = () => {};
    const pay = async () => {
      paid++;
      await new Promise<void>((resolve) => {
        end = resolve;
      });
      return { status: 'failed', reason: 'no route' } as const;
    };
    const all = Array.from({ length: 5 }, () => payments.run('aa', 10_000, pay));
    const other = payments.run('bb', 10_000, async () => ({ status: 'in-flight' }));
    end();
    expect(await Promise.all(all)).toEqual(Array(5).fill({ status: 'failed', reason: 'no route' }));
    expect(await other).toEqual({ status: 'in-flight' });
    expect(paid).toBe(1);
    const again = payments.run('aa', 10_000, pay);
    end();
    expect(await again).toMatchObject({ status: 'failed' });
    expect(paid).toBe(2);
  });

  it("does not hand the first one's error to the others: they know nothing", async () => {
    const payments = new OnePayment();
    let fail: (error: Error) => void = () => {};
    const first = payments.run('aa', 10_000, () => new Promise((_, reject) => (fail = reject)));
    const second = payments.run('aa', 10_000, async () => ({ status: 'absent' }));
    fail(new Error('refused'));
    await expect(first).rejects.toThrow('refused');
    expect(await second).toEqual({ status: 'in-flight' });
  });

  it('lets the second one go when its time is up', async () => {
    const payments = new OnePayment();
    const first = payments.run('aa', 10_000, () => new Promise(() => {}));
    expect(await payments.run('aa', 1, async () => ({ status: 'absent' }))).toEqual({ status: 'in-flight' });
    expect(first).toBeInstanceOf(Promise);
  });
});
