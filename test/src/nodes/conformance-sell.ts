import { decodeInvoice, type InvoiceNode, type NodePeriod, type SettledInvoice } from '@farebox/lightning';
import { describe, expect, it } from 'vitest';
import type { NodeWorld } from './conformance.js';
import { anInvoice, hashOf, payMs, sellerOf, succeeded, until } from './steps.js';

const unknownHash = 'ab'.repeat(32);

/** The seller's half. */
export function conformsAsSeller(world: () => NodeWorld): void {
  describe('a seller', () => {
    making(world);
    following(world);
    cancelling(world);
    listing(world);
  });
}

function making(world: () => NodeWorld): void {
  it('knows what it is', async (context) => {
    const info = await sellerOf(world(), context).info();
    expect(info).toMatchObject({ kind: world().kind, network: world().network });
    if (info.nodeId !== undefined) expect(info.nodeId).toMatch(/^0[23][0-9a-f]{64}$/);
  });

  it.for([1_000n, 21_000n, 2_000_000n])(
    'makes the invoice of %d msat that was asked for',
    async (amountMsat, context) => {
      const seller = sellerOf(world(), context);
      const { network } = world();
      const description = `⚡ ${amountMsat} "msat" & more`;
      const made = await seller.createInvoice({ amountMsat, description, expirySeconds: 123 });
      expect(made.paymentHash).toMatch(/^[0-9a-f]{64}$/);
      const decoded = decodeInvoice(made.invoice);
      if (!decoded.ok) throw new Error(decoded.detail);
      expect(decoded.value).toMatchObject({
        network,
        amountMsat,
        description,
        paymentHash: made.paymentHash,
        expirySeconds: 123,
      });
      expect(Math.abs(decoded.value.timestamp - Date.now() / 1000)).toBeLessThan(60);
    },
  );

  it('makes invoices of millisatoshis, or refuses them; it never rounds', async (context) => {
    const seller = sellerOf(world(), context);
    const asked = seller.createInvoice(anInvoice({ amountMsat: 1_500n }));
    if (!seller.capabilities.msat) {
      await expect(asked).rejects.toMatchObject({ name: 'NodeError', code: 'node_refused' });
      return;
    }
    const decoded = decodeInvoice((await asked).invoice);
    expect(decoded).toMatchObject({ ok: true, value: { amountMsat: 1_500n } });
  });

  it.for([0n, -1_000n])('refuses to make an invoice of %d msat', async (amountMsat, context) => {
    const seller = sellerOf(world(), context);
    await expect(seller.createInvoice(anInvoice({ amountMsat }))).rejects.toMatchObject({
      name: 'NodeError',
      code: 'node_refused',
    });
  });

  it('makes twenty at once, all different', async (context) => {
    const seller = sellerOf(world(), context);
    const made = await Promise.all(Array.from({ length: 20 }, () => seller.createInvoice(anInvoice())));
    expect(new Set(made.map((each) => each.paymentHash)).size).toBe(20);
    expect(new Set(made.map((each) => each.invoice)).size).toBe(20);
  });
}

function following(world: () => NodeWorld): void {
  it('sees an invoice open, then settled with what arrived', async (context) => {
    const seller = sellerOf(world(), context);
    const { payer } = world();
    const { invoice, paymentHash } = await seller.createInvoice(anInvoice({ amountMsat: 7_000n }));
    expect(await seller.lookupInvoice(paymentHash)).toEqual({ status: 'open' });
    const paid = succeeded(await payer.payInvoice({ invoice, maxFeeMsat: 10_000n, timeoutMs: payMs }));
    expect(hashOf(paid.preimage)).toBe(paymentHash);
    const state = await until(
      () => seller.lookupInvoice(paymentHash),
      (each) => each?.status === 'settled',
    );
    expect(state).toMatchObject({ status: 'settled', receivedMsat: 7_000n });
    expect(Math.abs((state?.settledMs ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(JSON.stringify({ ...state, receivedMsat: 0 })).not.toContain(paid.preimage);
  });

  it('tells invoices apart that live at the same time', async (context) => {
    const seller = sellerOf(world(), context);
    const first = await seller.createInvoice(anInvoice());
    const second = await seller.createInvoice(anInvoice());
    succeeded(
      await world().payer.payInvoice({ invoice: second.invoice, maxFeeMsat: 10_000n, timeoutMs: payMs }),
    );
    await until(
      () => seller.lookupInvoice(second.paymentHash),
      (each) => each?.status === 'settled',
    );
    expect(await seller.lookupInvoice(first.paymentHash)).toEqual({ status: 'open' });
  });

  it('knows nothing of a stranger’s hash', async (context) => {
    expect(await sellerOf(world(), context).lookupInvoice(unknownHash)).toBeUndefined();
  });

  it.for(['', 'zz', `${unknownHash}00`, '../../v1/getinfo', unknownHash.toUpperCase()])(
    'refuses the hash "%s", which is none',
    async (paymentHash, context) => {
      const seller = sellerOf(world(), context);
      const refused = { name: 'NodeError', code: 'node_refused' };
      await expect(seller.lookupInvoice(paymentHash)).rejects.toMatchObject(refused);
      await expect(seller.cancelInvoice(paymentHash)).rejects.toMatchObject(refused);
    },
  );
}

function cancelling(world: () => NodeWorld): void {
  it('cancels an invoice, twice if need be, and then it cannot be paid', async (context) => {
    const seller = sellerOf(world(), context);
    if (!seller.capabilities.cancel) return context.skip('this kind of node does not cancel');
    const { invoice, paymentHash } = await seller.createInvoice(anInvoice());
    await seller.cancelInvoice(paymentHash);
    await seller.cancelInvoice(paymentHash);
    // Some nodes cancel by forgetting.
    const cancelled = [{ status: 'cancelled' }, undefined];
    expect(cancelled).toContainEqual(await seller.lookupInvoice(paymentHash));
    const state = await world().payer.payInvoice({ invoice, maxFeeMsat: 10_000n, timeoutMs: payMs });
    expect(state.status).toBe('failed');
    expect(cancelled).toContainEqual(await seller.lookupInvoice(paymentHash));
  });

  it('refuses to cancel a settled invoice, and any where it cannot', async (context) => {
    const seller = sellerOf(world(), context);
    const { invoice, paymentHash } = await seller.createInvoice(anInvoice());
    const refused = { name: 'NodeError', code: 'node_refused' };
    if (!seller.capabilities.cancel)
      await expect(seller.cancelInvoice(paymentHash)).rejects.toMatchObject(refused);
    succeeded(await world().payer.payInvoice({ invoice, maxFeeMsat: 10_000n, timeoutMs: payMs }));
    await until(
      () => seller.lookupInvoice(paymentHash),
      (each) => each?.status === 'settled',
    );
    await expect(seller.cancelInvoice(paymentHash)).rejects.toMatchObject(refused);
    expect(await seller.lookupInvoice(paymentHash)).toMatchObject({ status: 'settled' });
  });
}

function listing(world: () => NodeWorld): void {
  it('lists what settled within a period, and nothing else', async (context) => {
    const seller = sellerOf(world(), context);
    if (seller.listSettled === undefined) return context.skip('this kind of node does not list its invoices');
    const invoices = [];
    for (const amountMsat of [3_000n, 4_000n, 5_000n]) {
      invoices.push({ amountMsat, ...(await seller.createInvoice(anInvoice({ amountMsat }))) });
    }
    const [open, ...paid] = invoices;
    for (const { invoice } of paid) {
      succeeded(await world().payer.payInvoice({ invoice, maxFeeMsat: 10_000n, timeoutMs: payMs }));
    }
    const always = { fromMs: Date.now() - 3_600_000, untilMs: Date.now() + 3_600_000 };
    const hashes = paid.map((each) => each.paymentHash);
    const listed = await until(
      () => settledIn(seller, always),
      (found) => hashes.every((hash) => found.some((each) => each.paymentHash === hash)),
    );
    expect(listed.map((each) => each.paymentHash)).not.toContain(open?.paymentHash);
    expect(new Set(listed.map((each) => each.paymentHash)).size).toBe(listed.length);
    for (const { paymentHash, amountMsat } of paid) {
      const entry = listed.find((each) => each.paymentHash === paymentHash);
      expect(entry).toMatchObject({ receivedMsat: amountMsat });
      // The period includes its beginning and not its end.
      const settledMs = entry?.settledMs ?? 0;
      const within = async (fromMs: number, untilMs: number) =>
        (await settledIn(seller, { fromMs, untilMs })).some((each) => each.paymentHash === paymentHash);
      expect(await within(settledMs, settledMs + 1)).toBe(true);
      expect(await within(settledMs + 1, settledMs + 3_600_000)).toBe(false);
      expect(await within(settledMs - 3_600_000, settledMs)).toBe(false);
    }
  });
}

async function settledIn(seller: InvoiceNode, period: NodePeriod): Promise<SettledInvoice[]> {
  const found: SettledInvoice[] = [];
  for await (const each of seller.listSettled?.(period) ?? []) found.push(each);
  return found;
}
