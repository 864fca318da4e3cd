import { afterEach, describe, expect, it } from 'vitest';
import type { DevnetRole } from './devnet-node.js';
import { type Network, startNetwork } from './network.js';
import { anInvoice, balanceOf, expectSpendable, newSecret, succeeded } from './testing/fixtures.js';

// Nodes in the thread of the test, each with a clock that the test sets.

const terms = { maxFeeMsat: 0n, timeoutMs: 90_000 };
let network: Network;
const ahead: Record<DevnetRole, number> = { merchant: 0, wallet: 0, router: 0 };
afterEach(() => {
  network.close();
  Object.assign(ahead, { merchant: 0, wallet: 0, router: 0 });
});

async function start(router = false): Promise<void> {
  network = await startNetwork({
    router,
    log: () => {},
    now: (role) => Date.now() + (role === undefined ? 0 : ahead[role]),
    onFatal: (error) => {
      throw error;
    },
  });
}

describe('an expired invoice', () => {
  it('is refused by the payer before anything is sent', async () => {
    await start();
    const { invoice, paymentHash } = await network.node('merchant').createInvoice(anInvoice());
    ahead.wallet = 601_000;
    const failed = await network.node('wallet').payInvoice({ invoice, ...terms });
    expect(failed).toEqual({ status: 'failed', reason: 'the invoice has expired' });
    expect(network.node('wallet').trackPayment(paymentHash)).toEqual({ status: 'absent' });
  });

  it('is failed back by the merchant when a payer sends all the same', async () => {
    await start();
    const { invoice, paymentHash } = await network.node('merchant').createInvoice(anInvoice());
    ahead.merchant = 601_000;
    const before = await network.node('wallet').balance();
    const failed = await network.node('wallet').payInvoice({ invoice, ...terms });
    expect(failed).toEqual({ status: 'failed', reason: 'rejected by the recipient' });
    expect(network.node('merchant').lookupInvoice(paymentHash)).toEqual({ status: 'open' });
    expect(await balanceOf(network.node('wallet'), before)).toEqual(before);
  });
});

describe('a second payment of one invoice, from another payer', () => {
  it('is failed back once the first has settled', async () => {
    await start(true);
    const { invoice } = await network.node('merchant').createInvoice(anInvoice());
    const capped = { ...terms, maxFeeMsat: 1000n };
    succeeded(await network.node('wallet').payInvoice({ invoice, ...capped }));
    const before = await network.node('router').balance();
    const second = await network.node('router').payInvoice({ invoice, ...capped });
    expect(second).toEqual({ status: 'failed', reason: 'rejected by the recipient' });
    expect(await balanceOf(network.node('router'), before)).toEqual(before);
  });

  it('is failed back while the first is held, and the first still settles', async () => {
    await start(true);
    const merchant = network.node('merchant');
    const { preimage, paymentHash } = newSecret();
    const { invoice } = await merchant.holdInvoice({ ...anInvoice(), paymentHash });
    const capped = { ...terms, maxFeeMsat: 1000n };
    const first = network.node('wallet').payInvoice({ invoice, ...capped });
    const held = () => merchant.lookupInvoice(paymentHash)?.status === 'held';
    expect(await network.activity.until(held, 90_000)).toBe(true);
    const second = await network.node('router').payInvoice({ invoice, ...capped });
    expect(second.status).toBe('failed');
    expect(merchant.lookupInvoice(paymentHash)).toEqual({ status: 'held' });
    await merchant.settleHold(preimage);
    expect(succeeded(await first)).toEqual({ status: 'succeeded', preimage, feeMsat: 1000n });
  });
});

describe("the wallet's fee cap", () => {
  it('is enforced by the node, to the millisatoshi', async () => {
    await start(true);
    const { invoice, paymentHash } = await network.node('merchant').createInvoice(anInvoice());
    const wallet = network.node('wallet');
    const before = await wallet.balance();
    for (const maxFeeMsat of [0n, 999n]) {
      expect(await wallet.payInvoice({ invoice, ...terms, maxFeeMsat })).toEqual({
        status: 'failed',
        reason: 'the fee cap refuses the cheapest route, which costs 1000 msat',
      });
      expect(wallet.trackPayment(paymentHash)).toEqual({ status: 'absent' });
    }
    const paid = succeeded(await wallet.payInvoice({ invoice, ...terms, maxFeeMsat: 1000n }));
    expect(paid.feeMsat).toBe(1000n);
    await expectSpendable(wallet, before.spendableMsat - 2000n);
  });
});

describe('a payment that was given up and arrives all the same', () => {
  it('tells its real fee', async () => {
    await start(true);
    const [merchant, wallet] = [network.node('merchant'), network.node('wallet')];
    const before = await wallet.balance();
    const { preimage, paymentHash } = newSecret();
    const { invoice } = await merchant.holdInvoice({ ...anInvoice(), paymentHash });
    const paying = wallet.payInvoice({ invoice, maxFeeMsat: 1000n, timeoutMs: 500 });
    const held = () => merchant.lookupInvoice(paymentHash)?.status === 'held';
    expect(await network.activity.until(held, 90_000)).toBe(true);
    expect(await paying).toEqual({ status: 'in-flight' });
    await merchant.settleHold(preimage);
    const told = () => {
      const state = wallet.trackPayment(paymentHash);
      return state.status === 'succeeded' && state.feeMsat > 0n;
    };
    expect(await network.activity.until(told, 90_000)).toBe(true);
    expect(wallet.trackPayment(paymentHash)).toEqual({ status: 'succeeded', preimage, feeMsat: 1000n });
    await expectSpendable(wallet, before.spendableMsat - 2000n);
  });
});

describe('a wallet that runs dry', () => {
  it('is refilled by the merchant and goes on paying more than the channel ever held', async () => {
    await start();
    const [wallet, merchant] = [network.node('wallet'), network.node('merchant')];
    let paidMsat = 0n;
    for (let i = 0; i < 6; i++) {
      const { invoice } = await merchant.createInvoice(anInvoice({ amountMsat: 4_000_000_000n }));
      succeeded(await wallet.payInvoice({ invoice, ...terms }));
      paidMsat += 4_000_000_000n;
    }
    expect(paidMsat).toBeGreaterThan(2n * 10_000_000_000n);
  });
});
