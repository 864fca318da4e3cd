import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Backing, startBacking } from './backing.js';
import { type EclairFacade, serveEclairFacade } from './eclair-facade.js';
import { openConfigured } from './facade-world.js';
import { anInvoice, balanceIs, newSecret, payMs, succeeded, until } from './steps.js';

const password = 'only-for-this-test';

/** PaymentInitiator.scala pays an invoice as often as it is told: here that would be seen. */
describe('eclair (facade), which would pay an invoice again', () => {
  let backing: Backing;
  let facade: EclairFacade;
  beforeAll(async () => {
    backing = await startBacking();
    facade = await serveEclairFacade(backing, password);
  });
  afterAll(async () => {
    await facade.close();
    await backing.close();
  });
  const open = () =>
    openConfigured(
      { kind: 'eclair', url: `http://127.0.0.1:${facade.port}`, password_env: 'NODE_SECRET' },
      password,
    );

  it('is told once, by many at once, one after another, and by another process', async () => {
    const wallet = await open();
    const other = await open();
    const before = await wallet.balance();
    const { preimage, paymentHash } = newSecret();
    const { invoice } = await backing.honest.merchant.holdInvoice({ ...anInvoice(), paymentHash });
    const request = { invoice, maxFeeMsat: 1_000n, timeoutMs: payMs };
    const together = [wallet, wallet, wallet].map((node) => node.payInvoice(request));
    await until(
      () => backing.honest.merchant.lookupInvoice(paymentHash),
      (state) => state?.status === 'held',
    );
    // The other process sees that one is under way, and waits for it.
    const elsewhere = other.payInvoice(request);
    await backing.honest.merchant.settleHold(preimage);
    for (const state of await Promise.all([...together, elsewhere])) {
      expect(succeeded(state).preimage).toBe(preimage);
    }
    expect(succeeded(await other.payInvoice(request)).preimage).toBe(preimage);
    expect(facade.toldTwice()).toBe(0);
    await balanceIs(wallet, before.spendableMsat - 2_000n);
    await wallet.close();
    await other.close();
  });
});
