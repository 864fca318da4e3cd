import { NodeError } from '@farebox/lightning';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Devnet, startDevnet } from './devnet.js';
import {
  anInvoice,
  balanceOf,
  eventually,
  expectSpendable,
  hashOf,
  invoiceTimestamp,
  newSecret,
  succeeded,
} from './testing/fixtures.js';

const terms = { maxFeeMsat: 0n, timeoutMs: 110_000 };
let devnet: Devnet;
const log: string[] = [];
beforeAll(async () => {
  devnet = await startDevnet({ log: (line) => log.push(line) });
});
afterAll(() => devnet.close());

describe('a payment', () => {
  it('of one satoshi proves itself and moves exactly that', async () => {
    const { wallet, merchant } = devnet;
    const before = { wallet: await wallet.balance(), merchant: await merchant.balance() };
    const { invoice, paymentHash } = await merchant.createInvoice(anInvoice());
    expect(invoice).toMatch(/^lnbcrt10n1/);
    expect(await merchant.lookupInvoice(paymentHash)).toEqual({ status: 'open' });
    expect(await wallet.trackPayment(paymentHash)).toEqual({ status: 'absent' });

    const paidFromMs = Date.now();
    const paid = succeeded(await wallet.payInvoice({ invoice, ...terms }));
    const paidUntilMs = Date.now();
    expect(hashOf(paid.preimage)).toBe(paymentHash);
    expect(paid.feeMsat).toBe(0n);
    const state = await merchant.lookupInvoice(paymentHash);
    expect(state).toMatchObject({ status: 'settled', receivedMsat: 1000n });
    expect(state?.settledMs).toBeGreaterThanOrEqual(paidFromMs);
    expect(state?.settledMs).toBeLessThanOrEqual(paidUntilMs);
    expect(await wallet.trackPayment(paymentHash)).toEqual(paid);
    await expectSpendable(wallet, before.wallet.spendableMsat - 1000n);
    const receivableMsat = before.merchant.receivableMsat - 1000n;
    expect(await balanceOf(merchant, { receivableMsat })).toMatchObject({ receivableMsat });
  });

  it.each([1n, 999n, 353_000n, 354_000n, 20_000_000n])(
    'of %d msat moves exactly that',
    async (amountMsat) => {
      const { wallet, merchant } = devnet;
      const before = await wallet.balance();
      const { invoice } = await merchant.createInvoice(anInvoice({ amountMsat }));
      succeeded(await wallet.payInvoice({ invoice, ...terms }));
      await expectSpendable(wallet, before.spendableMsat - amountMsat);
    },
  );

  it('of an invoice already paid is not made again, whoever asks and how often', async () => {
    const { wallet, merchant } = devnet;
    const { invoice } = await merchant.createInvoice(anInvoice());
    const before = await wallet.balance();
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () => wallet.payInvoice({ invoice, ...terms })),
    );
    outcomes.push(await wallet.payInvoice({ invoice, ...terms }));
    expect(new Set(outcomes.map((o) => succeeded(o).preimage)).size).toBe(1);
    await expectSpendable(wallet, before.spendableMsat - 1000n);
  });

  it('works sixty times at once, each with a preimage of its own', async () => {
    const { wallet, merchant } = devnet;
    const before = await wallet.balance();
    const preimages = await Promise.all(
      Array.from({ length: 60 }, async () => {
        const { invoice, paymentHash } = await merchant.createInvoice(anInvoice());
        const { preimage } = succeeded(await wallet.payInvoice({ invoice, ...terms }));
        expect(hashOf(preimage)).toBe(paymentHash);
        return preimage;
      }),
    );
    expect(new Set(preimages).size).toBe(60);
    await expectSpendable(wallet, before.spendableMsat - 60_000n);
  });

  it('larger than the channel fails, and the channel lives on', async () => {
    const { wallet, merchant } = devnet;
    const { invoice, paymentHash } = await merchant.createInvoice(anInvoice({ amountMsat: 50_000_000_000n }));
    const failed = await wallet.payInvoice({ invoice, ...terms });
    expect(failed).toEqual({ status: 'failed', reason: 'no route with enough liquidity was found' });
    expect(await wallet.trackPayment(paymentHash)).toEqual({ status: 'absent' });
    const small = await merchant.createInvoice(anInvoice());
    succeeded(await wallet.payInvoice({ invoice: small.invoice, ...terms }));
  });
});

describe('an invoice', () => {
  it('carries the time of now, from a block mined for it where the tip is old', async () => {
    for (let i = 0; i < 3; i++) {
      const fromS = Date.now() / 1000;
      const { invoice } = await devnet.merchant.createInvoice(anInvoice());
      expect(invoiceTimestamp(invoice)).toBeGreaterThan(fromS - 5);
      expect(invoiceTimestamp(invoice)).toBeLessThan(Date.now() / 1000 + 2);
    }
  });

  it('that is cancelled is refused by the merchant, and the payer keeps its money', async () => {
    const { wallet, merchant } = devnet;
    const before = await wallet.balance();
    const { invoice, paymentHash } = await merchant.createInvoice(anInvoice());
    await merchant.cancelInvoice(paymentHash);
    await merchant.cancelInvoice(paymentHash);
    expect(await merchant.lookupInvoice(paymentHash)).toEqual({ status: 'cancelled' });
    const failed = { status: 'failed', reason: 'rejected by the recipient' };
    expect(await wallet.payInvoice({ invoice, ...terms })).toEqual(failed);
    expect(await wallet.trackPayment(paymentHash)).toEqual(failed);
    expect(await balanceOf(wallet, before)).toEqual(before);
  });

  it('that is settled cannot be cancelled', async () => {
    const { invoice, paymentHash } = await devnet.merchant.createInvoice(anInvoice());
    succeeded(await devnet.wallet.payInvoice({ invoice, ...terms }));
    await expect(devnet.merchant.cancelInvoice(paymentHash)).rejects.toMatchObject({ code: 'node_refused' });
    expect(await devnet.merchant.lookupInvoice(paymentHash)).toMatchObject({ status: 'settled' });
  });

  it('of nobody is unknown', async () => {
    expect(await devnet.merchant.lookupInvoice('ab'.repeat(32))).toBeUndefined();
    await expect(devnet.merchant.cancelInvoice('ab'.repeat(32))).rejects.toThrow(NodeError);
  });

  it.each([
    ['no amount', { amountMsat: 0n }],
    ['more than all bitcoin', { amountMsat: 1n << 63n }],
    ['no life', { expirySeconds: 0 }],
    ['half a second', { expirySeconds: 0.5 }],
    ['a book as its description', { description: 'é'.repeat(320) }],
  ])('with %s is refused', async (_name, change) => {
    await expect(devnet.merchant.createInvoice(anInvoice(change))).rejects.toMatchObject({
      code: 'node_refused',
    });
  });

  it('keeps a description of 639 bytes', async () => {
    const description = 'é'.repeat(319);
    await expect(devnet.merchant.createInvoice(anInvoice({ description }))).resolves.toBeDefined();
  });
});

describe('a held payment', () => {
  it('waits, and settles when its preimage is given', async () => {
    const { wallet, merchant } = devnet;
    const { preimage, paymentHash } = newSecret();
    const made = await merchant.holdInvoice({ ...anInvoice(), paymentHash });
    expect(made.paymentHash).toBe(paymentHash);
    await expect(merchant.settleHold(preimage)).rejects.toMatchObject({ code: 'node_refused' });
    const before = await wallet.balance();
    const paying = wallet.payInvoice({ invoice: made.invoice, ...terms });
    await eventually(async () => (await merchant.lookupInvoice(paymentHash))?.status === 'held');
    expect(await wallet.trackPayment(paymentHash)).toEqual({ status: 'in-flight' });
    await merchant.settleHold(preimage);
    await merchant.settleHold(preimage);
    expect(await paying).toEqual({ status: 'succeeded', preimage, feeMsat: 0n });
    expect(await merchant.lookupInvoice(paymentHash)).toMatchObject({
      status: 'settled',
      receivedMsat: 1000n,
    });
    await expectSpendable(wallet, before.spendableMsat - 1000n);
  });

  it('goes back when it is cancelled', async () => {
    const { wallet, merchant } = devnet;
    const { preimage, paymentHash } = newSecret();
    const { invoice } = await merchant.holdInvoice({ ...anInvoice(), paymentHash });
    const before = await wallet.balance();
    const paying = wallet.payInvoice({ invoice, ...terms });
    await eventually(async () => (await merchant.lookupInvoice(paymentHash))?.status === 'held');
    await merchant.cancelHold(paymentHash);
    expect(await paying).toEqual({ status: 'failed', reason: 'rejected by the recipient' });
    expect(await merchant.lookupInvoice(paymentHash)).toEqual({ status: 'cancelled' });
    await expect(merchant.settleHold(preimage)).rejects.toMatchObject({ code: 'node_refused' });
    expect(await balanceOf(wallet, before)).toEqual(before);
  });

  it('is in flight when the payer runs out of time, and tracking tells its end', async () => {
    const { wallet, merchant } = devnet;
    const { preimage, paymentHash } = newSecret();
    const { invoice } = await merchant.holdInvoice({ ...anInvoice(), paymentHash });
    const inFlight = { status: 'in-flight' };
    expect(await wallet.payInvoice({ invoice, maxFeeMsat: 0n, timeoutMs: 100 })).toEqual(inFlight);
    // Asking again neither pays again nor pretends to know.
    expect(await wallet.payInvoice({ invoice, maxFeeMsat: 0n, timeoutMs: 100 })).toEqual(inFlight);
    // It may be on its way still.
    await eventually(async () => (await merchant.lookupInvoice(paymentHash))?.status === 'held');
    await merchant.settleHold(preimage);
    await eventually(async () => (await wallet.trackPayment(paymentHash)).status !== 'in-flight');
    expect(await wallet.trackPayment(paymentHash)).toEqual({ status: 'succeeded', preimage, feeMsat: 0n });
  });

  it('goes back by itself when its deadline in blocks has come', async () => {
    const { wallet, merchant } = devnet;
    const { paymentHash } = newSecret();
    const { invoice } = await merchant.holdInvoice({ ...anInvoice(), paymentHash });
    const paying = wallet.payInvoice({ invoice, ...terms });
    await eventually(async () => (await merchant.lookupInvoice(paymentHash))?.status === 'held');
    await devnet.mine(700);
    expect(await merchant.lookupInvoice(paymentHash)).toEqual({ status: 'held' });
    while ((await merchant.lookupInvoice(paymentHash))?.status === 'held') await devnet.mine(20);
    expect((await paying).status).toBe('failed');
    expect(await merchant.lookupInvoice(paymentHash)).toEqual({ status: 'cancelled' });
    // The channel survived it.
    const next = await merchant.createInvoice(anInvoice());
    succeeded(await wallet.payInvoice({ invoice: next.invoice, ...terms }));
  });
});

describe('guards', () => {
  it.each(['mainnet', 'testnet', 'signet'] as const)('refuses %s', async (network) => {
    await expect(startDevnet({ network })).rejects.toMatchObject({ code: 'node_refused' });
  });

  it('says on every node that it is regtest', async () => {
    const ids = new Set<string | undefined>();
    for (const node of [devnet.merchant, devnet.wallet]) {
      const info = await node.info();
      expect(info).toMatchObject({
        kind: 'devnet',
        network: 'regtest',
        nodeId: expect.stringMatching(/^0[23]/),
      });
      ids.add(info.nodeId);
    }
    expect(ids.size).toBe(2);
    expect(log[0]).toContain('worthless');
  });

  it.each([
    // The first example of BOLT 11 with an amount, on the main network.
    'lnbc2500u1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7enxv4jsxqzpu9qrsgquk0rl77nj30yxdy8j9vdx85fkpmdla2087ne0xh8nhedh8w27kyke0lp53ut353s06fv3qfegext0eh0ymjpf39tuven09sam30g4vgpfna3rh',
    'lntb1',
    'lnbcrt1',
    'lnbcrt10n1nonsense',
    '',
  ])('does not pay %s', async (invoice) => {
    await expect(devnet.wallet.payInvoice({ invoice, ...terms })).rejects.toMatchObject({
      code: 'node_refused',
    });
  });

  it.each([
    ['a negative fee cap', { maxFeeMsat: -1n }],
    ['an endless fee cap', { maxFeeMsat: 1n << 64n }],
    ['no time', { timeoutMs: 0 }],
    ['a time that is no number', { timeoutMs: Number.NaN }],
    ['all the time', { timeoutMs: Number.POSITIVE_INFINITY }],
  ])('does not pay with %s', async (_name, change) => {
    const { invoice } = await devnet.merchant.createInvoice(anInvoice());
    await expect(devnet.wallet.payInvoice({ invoice, ...terms, ...change })).rejects.toMatchObject({
      code: 'node_refused',
    });
  });

  it('says when there is no router, and refuses unknown chain calls', async () => {
    expect(devnet.router).toBeUndefined();
    await expect(devnet.bitcoinRpc('stop')).rejects.toMatchObject({ name: 'BitcoinRpcError', code: -32601 });
    await expect(devnet.mine(0)).rejects.toMatchObject({ code: 'node_refused' });
  });

  it('shows the funding transaction on its chain', async () => {
    const hash = await devnet.bitcoinRpc('getblockhash', [111]);
    const block = await devnet.bitcoinRpc('getblock', [hash, 2]);
    const funding = { vout: expect.arrayContaining([expect.objectContaining({ value: 0.1 })]) };
    expect(block).toMatchObject({ tx: [{}, funding] });
  });
});
