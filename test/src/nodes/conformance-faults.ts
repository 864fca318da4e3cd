import { decodeInvoice, type InvoiceNode, type PayingNode } from '@farebox/lightning';
import { afterEach, describe, expect, it } from 'vitest';
import type { Lie } from './backing.js';
import type { NodeWorld } from './conformance.js';
import { anInvoice, faultsOf, payMs, sellerOf, shown, succeeded, until, walletOf } from './steps.js';
import type { WireMode } from './wire.js';

/** A node that is down, slow, ill, or not ours: nothing is consumed, errors are clear, and it recovers by itself. */
export function conformsUnderFaults(world: () => NodeWorld): void {
  describe('with a fault', () => {
    const wires = (mode: WireMode) =>
      Promise.all((world().faults?.wires ?? []).map((wire) => wire.set(mode)));
    afterEach(async () => {
      world().faults?.lie?.(undefined);
      await wires('open');
    });
    connection(world, wires);
    credentials(world);
    lies(world);
  });
}

async function sells(seller: InvoiceNode): Promise<void> {
  expect((await seller.createInvoice(anInvoice())).invoice).toMatch(/^ln/);
}

function connection(world: () => NodeWorld, wires: (mode: WireMode) => Promise<unknown>): void {
  it.for(['down', 'silent'] as const)(
    'that the node is %s: a seller says so, and goes on when it is back',
    async (mode, context) => {
      const seller = sellerOf(world(), context);
      const faults = faultsOf(world(), context);
      const { paymentHash } = await seller.createInvoice(anInvoice());
      const asking = mode === 'silent' ? await faults.impatient() : seller;
      await wires(mode);
      const unreachable = { name: 'NodeError', code: 'node_unreachable' };
      const failures = await Promise.all(
        [asking.createInvoice(anInvoice()), asking.lookupInvoice(paymentHash)].map((call) =>
          call.then(
            () => undefined,
            (error: unknown) => error,
          ),
        ),
      );
      for (const failure of failures) {
        expect(failure).toMatchObject(unreachable);
        for (const secret of faults.secrets) expect(shown(failure)).not.toContain(secret);
      }
      await wires('open');
      await sells(seller);
      // Who waits for a moment only may have to ask a busy machine again.
      await until(
        () => asking.lookupInvoice(paymentHash).catch(() => undefined),
        (state) => state?.status === 'open',
      );
      expect(await seller.lookupInvoice(paymentHash)).toEqual({ status: 'open' });
    },
  );

  it('that the node is down: a wallet certainly sent nothing, and pays when it is back', async (context) => {
    const wallet = walletOf(world(), context);
    const { payee, routeFeeMsat } = world();
    faultsOf(world(), context);
    const { invoice, paymentHash } = await payee.createInvoice(anInvoice());
    await wires('down');
    const request = { invoice, maxFeeMsat: routeFeeMsat, timeoutMs: payMs };
    await expect(wallet.payInvoice(request)).rejects.toMatchObject({ code: 'node_unreachable' });
    await expect(wallet.balance()).rejects.toMatchObject({ code: 'node_unreachable' });
    await expect(wallet.trackPayment(paymentHash)).rejects.toMatchObject({ name: 'NodeError' });
    await wires('open');
    expect(await payee.lookupInvoice(paymentHash)).toEqual({ status: 'open' });
    succeeded(await wallet.payInvoice(request));
  });

  it('that idle connections were cut: the next call works nevertheless', async (context) => {
    const seller = sellerOf(world(), context);
    const faults = faultsOf(world(), context);
    await sells(seller);
    for (const wire of faults.wires) wire.cut();
    await sells(seller);
  });
}

function credentials(world: () => NodeWorld): void {
  it('in the credential: nothing is made, nothing is paid, and the error shows no secret', async (context) => {
    const faults = faultsOf(world(), context);
    const { seller, wallet }: { seller?: InvoiceNode; wallet?: PayingNode } = faults.intruder;
    const { invoice, paymentHash } = await world().payee.createInvoice(anInvoice());
    const calls = [
      seller?.createInvoice(anInvoice()),
      seller?.lookupInvoice(paymentHash),
      wallet?.payInvoice({ invoice, maxFeeMsat: 10_000n, timeoutMs: payMs }),
      wallet?.balance(),
    ].filter((call) => call !== undefined);
    expect(calls.length).toBeGreaterThan(0);
    for (const call of await Promise.allSettled<unknown>(calls)) {
      expect(call).toMatchObject({
        status: 'rejected',
        reason: { name: 'NodeError', code: 'node_unauthorized' },
      });
      const text = call.status === 'rejected' ? shown(call.reason) : '';
      for (const secret of faults.secrets) expect(text).not.toContain(secret);
    }
    expect(await world().payee.lookupInvoice(paymentHash)).toEqual({ status: 'open' });
  });
}

function lies(world: () => NodeWorld): void {
  it.for<Lie>(['amount', 'network', 'disk-full'])(
    'in the node (%s): no invoice is given out, and it goes on',
    async (lie, context) => {
      const seller = sellerOf(world(), context);
      const faults = faultsOf(world(), context);
      if (faults.lie === undefined) return context.skip('a real node does not lie on demand');
      faults.lie(lie);
      const failure: unknown = await seller.createInvoice(anInvoice()).catch((error: unknown) => error);
      expect(failure).toMatchObject({ name: 'NodeError' });
      if (lie !== 'disk-full') expect(failure).toMatchObject({ code: 'node_misbehaved' });
      faults.lie(undefined);
      await sells(seller);
    },
  );

  it('in the node’s payment hash: the invoice’s own hash is given out, or nothing', async (context) => {
    const seller = sellerOf(world(), context);
    const faults = faultsOf(world(), context);
    if (faults.lie === undefined) return context.skip('a real node does not lie on demand');
    faults.lie('hash');
    const made = seller.createInvoice(anInvoice());
    const failure: unknown = await made.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (failure !== undefined) {
      expect(failure).toMatchObject({ name: 'NodeError', code: 'node_misbehaved' });
      return;
    }
    const { invoice, paymentHash } = await made;
    expect(decodeInvoice(invoice)).toMatchObject({ ok: true, value: { paymentHash } });
  });
}
