import { describe, expect, it } from 'vitest';
import type { NodeWorld } from './conformance.js';
import {
  anInvoice,
  balanceAtRest,
  balanceIs,
  ended,
  hashOf,
  lateFeesMsat,
  newSecret,
  payMs,
  succeeded,
  until,
  walletOf,
} from './steps.js';

/** The buyer's half. */
export function conformsAsWallet(world: () => NodeWorld): void {
  describe('a wallet', () => {
    paying(world);
    refusing(world);
    waiting(world);
    failing(world);
  });
}

function paying(world: () => NodeWorld): void {
  it('knows what it is, and what it has', async (context) => {
    const wallet = walletOf(world(), context);
    expect(await wallet.info()).toMatchObject({ kind: world().kind, network: world().network });
    const { spendableMsat, receivableMsat } = await wallet.balance();
    expect(spendableMsat).toBeGreaterThan(0n);
    expect(receivableMsat).toBeGreaterThanOrEqual(0n);
  });

  it.for([1_000n, 353_000n, 20_000_000n])(
    'pays %d msat, proves it, and loses exactly that and the fee',
    async (amountMsat, context) => {
      const wallet = walletOf(world(), context);
      const { payee, routeFeeMsat } = world();
      const before = await balanceAtRest(wallet);
      const { invoice, paymentHash } = await payee.createInvoice(anInvoice({ amountMsat }));
      if (wallet.capabilities.track)
        expect(await wallet.trackPayment(paymentHash)).toEqual({ status: 'absent' });
      const paid = succeeded(
        await wallet.payInvoice({ invoice, maxFeeMsat: routeFeeMsat, timeoutMs: payMs }),
      );
      expect(hashOf(paid.preimage)).toBe(paymentHash);
      expect(paid.feeMsat).toBe(routeFeeMsat);
      expect(await payee.lookupInvoice(paymentHash)).toMatchObject({
        status: 'settled',
        receivedMsat: amountMsat,
      });
      if (wallet.capabilities.track) expect(await wallet.trackPayment(paymentHash)).toEqual(paid);
      await balanceIs(wallet, before.spendableMsat - amountMsat - routeFeeMsat);
    },
  );

  it('never pays an invoice twice, one after another or at once', async (context) => {
    const wallet = walletOf(world(), context);
    const { payee, routeFeeMsat } = world();
    const { invoice, paymentHash } = await payee.createInvoice(anInvoice());
    const before = await balanceAtRest(wallet);
    const request = { invoice, maxFeeMsat: routeFeeMsat, timeoutMs: payMs };
    const together = await Promise.all(Array.from({ length: 6 }, () => wallet.payInvoice(request)));
    // Whoever comes second may not know the end yet, but never says that nothing was paid.
    for (const state of together) expect(['succeeded', 'in-flight']).toContain(state.status);
    await until(
      () => payee.lookupInvoice(paymentHash),
      (state) => state?.status === 'settled',
    );
    const later = await wallet.payInvoice(request);
    expect(['succeeded', 'in-flight']).toContain(later.status);
    if (wallet.capabilities.track)
      expect(hashOf(succeeded(await ended(wallet, paymentHash)).preimage)).toBe(paymentHash);
    await balanceIs(wallet, before.spendableMsat - 1_000n - routeFeeMsat);
  });

  it('pays ten invoices at once', async (context) => {
    const wallet = walletOf(world(), context);
    const { payee, routeFeeMsat } = world();
    const before = await balanceAtRest(wallet);
    const preimages = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const { invoice, paymentHash } = await payee.createInvoice(anInvoice());
        const paid = succeeded(
          await wallet.payInvoice({ invoice, maxFeeMsat: routeFeeMsat, timeoutMs: payMs }),
        );
        expect(hashOf(paid.preimage)).toBe(paymentHash);
        return paid.preimage;
      }),
    );
    expect(new Set(preimages).size).toBe(10);
    await balanceIs(wallet, before.spendableMsat - 10n * (1_000n + routeFeeMsat));
  });
}

function refusing(world: () => NodeWorld): void {
  it('keeps to the fee cap: one millisatoshi less and nothing is paid, exactly the fee and it is', async (context) => {
    const wallet = walletOf(world(), context);
    const { payee, routeFeeMsat } = world();
    if (!wallet.capabilities.feeCap) return context.skip('this kind of node enforces no fee cap');
    if (routeFeeMsat === 0n) return context.skip('no route of this set-up costs a fee');
    const before = await balanceAtRest(wallet);
    const { invoice, paymentHash } = await payee.createInvoice(anInvoice({ amountMsat: 50_000n }));
    const capped = await wallet.payInvoice({ invoice, maxFeeMsat: routeFeeMsat - 1n, timeoutMs: payMs });
    expect(capped.status).toBe('failed');
    expect(await payee.lookupInvoice(paymentHash)).toEqual({ status: 'open' });
    expect((await wallet.balance()).spendableMsat).toBe(before.spendableMsat);
    const paid = succeeded(await wallet.payInvoice({ invoice, maxFeeMsat: routeFeeMsat, timeoutMs: payMs }));
    expect(paid.feeMsat).toBe(routeFeeMsat);
  });

  it.for([
    ['nothing', ''],
    ['nonsense', 'lnbcrt10n1nonsense'],
    [
      'an invoice of the main network',
      'lnbc2500u1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7enxv4jsxqzpu9qrsgquk0rl77nj30yxdy8j9vdx85fkpmdla2087ne0xh8nhedh8w27kyke0lp53ut353s06fv3qfegext0eh0ymjpf39tuven09sam30g4vgpfna3rh',
    ],
  ] as const)('does not pay %s', async ([_, invoice], context) => {
    const wallet = walletOf(world(), context);
    const before = await balanceAtRest(wallet);
    await expect(wallet.payInvoice({ invoice, maxFeeMsat: 0n, timeoutMs: payMs })).rejects.toMatchObject({
      name: 'NodeError',
      code: 'node_refused',
    });
    expect((await wallet.balance()).spendableMsat).toBe(before.spendableMsat);
  });

  it.for([
    ['a negative fee cap', { maxFeeMsat: -1n }],
    ['no time', { timeoutMs: 0 }],
    ['a time that is no number', { timeoutMs: Number.NaN }],
  ] as const)('does not pay with %s', async ([_, change], context) => {
    const wallet = walletOf(world(), context);
    const { payee } = world();
    const { invoice, paymentHash } = await payee.createInvoice(anInvoice());
    await expect(
      wallet.payInvoice({ invoice, maxFeeMsat: 10_000n, timeoutMs: payMs, ...change }),
    ).rejects.toMatchObject({ name: 'NodeError', code: 'node_refused' });
    expect(await payee.lookupInvoice(paymentHash)).toEqual({ status: 'open' });
  });
}

function waiting(world: () => NodeWorld): void {
  it('says in-flight when the time is up, never pays again, and finds the preimage by tracking', async (context) => {
    const wallet = walletOf(world(), context);
    const { payee, routeFeeMsat } = world();
    const before = await balanceAtRest(wallet);
    const { preimage, paymentHash } = newSecret();
    const { invoice } = await payee.holdInvoice({ ...anInvoice(), paymentHash });
    const paying = wallet.payInvoice({ invoice, maxFeeMsat: routeFeeMsat, timeoutMs: 1_500 });
    await until(
      () => payee.lookupInvoice(paymentHash),
      (state) => state?.status === 'held',
    );
    expect(await paying).toEqual({ status: 'in-flight' });
    if (wallet.capabilities.track)
      expect(await wallet.trackPayment(paymentHash)).toEqual({ status: 'in-flight' });
    expect(await wallet.payInvoice({ invoice, maxFeeMsat: routeFeeMsat, timeoutMs: 500 })).toEqual({
      status: 'in-flight',
    });
    await payee.settleHold(preimage);
    if (wallet.capabilities.track) {
      const late = succeeded(await ended(wallet, paymentHash));
      expect(late.preimage).toBe(preimage);
      expect(lateFeesMsat(world())).toContain(late.feeMsat);
    }
    await balanceIs(wallet, before.spendableMsat - 1_000n - routeFeeMsat);
  });

  it('says failed when a payment that was under way has come back', async (context) => {
    const wallet = walletOf(world(), context);
    const { payee, routeFeeMsat } = world();
    const before = await balanceAtRest(wallet);
    const { paymentHash } = newSecret();
    const { invoice } = await payee.holdInvoice({ ...anInvoice(), paymentHash });
    const paying = wallet.payInvoice({ invoice, maxFeeMsat: routeFeeMsat, timeoutMs: payMs });
    await until(
      () => payee.lookupInvoice(paymentHash),
      (state) => state?.status === 'held',
    );
    await payee.cancelHold(paymentHash);
    expect((await paying).status).toBe('failed');
    if (wallet.capabilities.track) expect((await wallet.trackPayment(paymentHash)).status).toBe('failed');
    await balanceIs(wallet, before.spendableMsat);
  });
}

function failing(world: () => NodeWorld): void {
  it('says that nothing was paid when an invoice has expired', async (context) => {
    const wallet = walletOf(world(), context);
    const { invoice, paymentHash } = await world().payee.createInvoice(anInvoice({ expirySeconds: 1 }));
    const before = await balanceAtRest(wallet);
    const expired = Date.now() + 2_500;
    await until(Date.now, (now) => now > expired);
    const outcome = await wallet
      .payInvoice({ invoice, maxFeeMsat: 10_000n, timeoutMs: payMs })
      .catch((error: unknown) => error);
    const certain =
      outcome instanceof Error ? { name: 'NodeError', code: 'node_refused' } : { status: 'failed' };
    expect(outcome).toMatchObject(certain);
    expect((await world().payee.lookupInvoice(paymentHash))?.status).not.toBe('settled');
    expect((await wallet.balance()).spendableMsat).toBe(before.spendableMsat);
  });

  it('says that nothing was paid when it has not got the coins, and goes on', async (context) => {
    const wallet = walletOf(world(), context);
    const { payee, routeFeeMsat } = world();
    const before = await balanceAtRest(wallet);
    const { invoice, paymentHash } = await payee.createInvoice(
      anInvoice({ amountMsat: before.spendableMsat + 1_000_000_000n }),
    );
    expect((await wallet.payInvoice({ invoice, maxFeeMsat: 10_000n, timeoutMs: payMs })).status).toBe(
      'failed',
    );
    if (wallet.capabilities.track) {
      expect(['failed', 'absent']).toContain((await wallet.trackPayment(paymentHash)).status);
    }
    const next = await payee.createInvoice(anInvoice());
    succeeded(await wallet.payInvoice({ invoice: next.invoice, maxFeeMsat: routeFeeMsat, timeoutMs: payMs }));
  });

  it('knows nothing of a payment that was never made', async (context) => {
    const wallet = walletOf(world(), context);
    if (!wallet.capabilities.track) return context.skip('this kind of node does not track');
    expect(await wallet.trackPayment('cd'.repeat(32))).toEqual({ status: 'absent' });
    for (const hash of ['', 'zz', '../send', 'AB'.repeat(32)]) {
      await expect(wallet.trackPayment(hash)).rejects.toMatchObject({
        name: 'NodeError',
        code: 'node_refused',
      });
    }
  });
}
