import { afterEach, describe, expect, it } from 'vitest';
import type { NodeWorld } from './conformance.js';
import {
  anInvoice,
  balanceAtRest,
  balanceIs,
  ended,
  faultsOf,
  newSecret,
  payMs,
  succeeded,
  until,
  walletOf,
} from './steps.js';
import type { WireMode } from './wire.js';

/** The answer to a payment is lost: tracking finds the end, and nothing is paid again. */
export function conformsWhenLost(world: () => NodeWorld): void {
  describe('a payment whose answer is lost', () => {
    const wires = (mode: WireMode) =>
      Promise.all((world().faults?.wires ?? []).map((wire) => wire.set(mode)));
    afterEach(() => wires('open'));

    it.for(['silent', 'down'] as const)(
      'after it settled (%s): found by tracking, never paid again',
      async (mode, context) => {
        const wallet = walletOf(world(), context);
        const faults = faultsOf(world(), context);
        const { payee, routeFeeMsat } = world();
        const before = await balanceAtRest(wallet);
        const { preimage, paymentHash } = newSecret();
        const { invoice } = await payee.holdInvoice({ ...anInvoice(), paymentHash });
        const request = { invoice, maxFeeMsat: routeFeeMsat, timeoutMs: payMs };
        const paying = wallet.payInvoice(request);
        // The payment is at its goal and no answer is on its way: from here on none gets through.
        await until(
          () => payee.lookupInvoice(paymentHash),
          (state) => state?.status === 'held',
        );
        await wires('silent');
        await payee.settleHold(preimage);
        await until(
          () => payee.lookupInvoice(paymentHash),
          (state) => state?.status === 'settled',
        );
        if (mode === 'down') await wires('down');
        else for (const wire of faults.wires) wire.cut();
        expect(await paying).toEqual({ status: 'in-flight' });
        await wires('open');
        const found = await settledIn(wallet, paymentHash);
        if (found !== undefined)
          expect(found).toEqual({ status: 'succeeded', preimage, feeMsat: routeFeeMsat });
        const again = await wallet.payInvoice(request);
        expect(['succeeded', 'in-flight']).toContain(again.status);
        await balanceIs(wallet, before.spendableMsat - 1_000n - routeFeeMsat);
      },
    );

    it('before it settled, and that comes back: found by tracking', async (context) => {
      const wallet = walletOf(world(), context);
      const { payee, routeFeeMsat } = world();
      faultsOf(world(), context);
      if (!wallet.capabilities.track) return context.skip('this kind of node does not track');
      const before = await balanceAtRest(wallet);
      const { paymentHash } = newSecret();
      const { invoice } = await payee.holdInvoice({ ...anInvoice(), paymentHash });
      const paying = wallet.payInvoice({ invoice, maxFeeMsat: routeFeeMsat, timeoutMs: payMs });
      await until(
        () => payee.lookupInvoice(paymentHash),
        (state) => state?.status === 'held',
      );
      await wires('down');
      expect(await paying).toEqual({ status: 'in-flight' });
      await payee.cancelHold(paymentHash);
      await wires('open');
      expect((await ended(wallet, paymentHash)).status).toBe('failed');
      await balanceIs(wallet, before.spendableMsat);
    });
  });
}

async function settledIn(wallet: NonNullable<NodeWorld['wallet']>, paymentHash: string) {
  return wallet.capabilities.track ? succeeded(await ended(wallet, paymentHash)) : undefined;
}
