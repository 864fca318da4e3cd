import { describe, expect, it } from 'vitest';
import type { NodeWorld } from './conformance.js';
import { anInvoice, payMs, succeeded } from './steps.js';

/** Closing, last of all. */
export function conformsAtTheEnd(world: () => NodeWorld): void {
  describe('an adapter that is closed', () => {
    it('refuses everything, closes again without a word, and leaves the node to others', async () => {
      const { seller, wallet } = world().reconnect();
      if (seller !== undefined) {
        await seller.createInvoice(anInvoice());
        await seller.close();
        await seller.close();
        await expect(seller.createInvoice(anInvoice())).rejects.toMatchObject({ code: 'node_unreachable' });
        await expect(seller.info()).rejects.toMatchObject({ code: 'node_unreachable' });
      }
      const { invoice, paymentHash } = await world().payee.createInvoice(anInvoice());
      const request = { invoice, maxFeeMsat: world().routeFeeMsat, timeoutMs: payMs };
      if (wallet !== undefined) {
        await wallet.balance();
        await wallet.close();
        await wallet.close();
        await expect(wallet.payInvoice(request)).rejects.toMatchObject({ code: 'node_unreachable' });
        expect(await world().payee.lookupInvoice(paymentHash)).toEqual({ status: 'open' });
      }
      if (world().wallet !== undefined)
        succeeded((await world().wallet?.payInvoice(request)) ?? { status: 'absent' });
    });
  });
}
