import type { LightningNode } from '@farebox/lightning';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Backing, startBacking } from './backing.js';
import type { Facade } from './facade.js';
import { openConfigured } from './facade-world.js';
import { lnbitsUnpaidPreimage, serveLnbitsFacade } from './lnbits-facade.js';
import { anInvoice, payMs, shown, succeeded } from './steps.js';

const keys = { invoice: 'invoice-key', admin: 'admin-key' };

/** LNbits shows a preimage that it knows to whoever asks for the hash, without a key. */
describe('lnbits (facade) whose node tells it the preimage', () => {
  let backing: Backing;
  let facade: Facade | undefined;
  const opened: LightningNode[] = [];
  beforeAll(async () => {
    backing = await startBacking();
  });
  afterEach(async () => {
    for (const node of opened.splice(0)) await node.close();
    await facade?.close();
  });
  afterAll(() => backing.close());

  async function open(
    knowsPreimages: boolean,
    change: Record<string, boolean> = {},
    reserveMsat = 1_000n,
    key = keys.invoice,
    shownWithInvoice = true,
    zerosForNone = false,
  ): Promise<LightningNode> {
    facade = await serveLnbitsFacade(backing, {
      keys,
      reserveMsat,
      knowsPreimages,
      shownWithInvoice,
      zerosForNone,
      waitMs: 500,
    });
    const place = { url: `http://127.0.0.1:${facade.port}`, network: 'regtest' };
    const node = await openConfigured({ kind: 'lnbits', ...place, key_env: 'NODE_SECRET', ...change }, key);
    opened.push(node);
    return node;
  }

  it('really shows it to a stranger', async () => {
    const node = await open(true, { unreachable_by_buyers: true });
    const { paymentHash } = await node.createInvoice(anInvoice());
    const answer = await fetch(`http://127.0.0.1:${facade?.port}/api/v1/payments/${paymentHash}`);
    expect(await answer.json()).toMatchObject({ paid: false, preimage: lnbitsUnpaidPreimage });
  });

  it.each([true, false])(
    'gives out no invoice, and says what to do (shown with it: %s)',
    async (withInvoice) => {
      const node = await open(true, {}, 1_000n, keys.invoice, withInvoice);
      for (let times = 0; times < 2; times++) {
        const failure: unknown = await node.createInvoice(anInvoice()).catch((error: unknown) => error);
        expect(failure).toMatchObject({
          code: 'node_refused',
          message: expect.stringContaining('unreachable_by_buyers: true'),
        });
        expect(shown(failure)).not.toContain(lnbitsUnpaidPreimage);
      }
    },
  );

  it('sells where no buyer can reach it', async () => {
    const node = await open(true, { unreachable_by_buyers: true });
    const { invoice } = await node.createInvoice(anInvoice());
    succeeded(await backing.honest.wallet.payInvoice({ invoice, maxFeeMsat: 1_000n, timeoutMs: payMs }));
  });

  it.each([true, false])('sells where LNbits does not know it (zeros for none: %s)', async (zeros) => {
    const node = await open(false, {}, 1_000n, keys.invoice, true, zeros);
    expect((await node.createInvoice(anInvoice())).invoice).toMatch(/^lnbcrt/);
  });

  it('pays nothing whose fee reserve is above the cap', async () => {
    const wallet = await open(false, {}, 2_000n, keys.admin);
    const { invoice, paymentHash } = await backing.honest.merchant.createInvoice(anInvoice());
    const request = { invoice, maxFeeMsat: 1_999n, timeoutMs: payMs };
    await expect(wallet.payInvoice(request)).rejects.toMatchObject({
      code: 'node_refused',
      message: expect.stringContaining('2000 msat'),
    });
    expect(await backing.honest.merchant.lookupInvoice(paymentHash)).toEqual({ status: 'open' });
    succeeded(await wallet.payInvoice({ ...request, maxFeeMsat: 2_000n }));
  });

  it('pays nothing with the invoice key', async () => {
    const wallet = await open(false);
    const { invoice } = await backing.honest.merchant.createInvoice(anInvoice());
    await expect(wallet.payInvoice({ invoice, maxFeeMsat: 1_000n, timeoutMs: payMs })).rejects.toMatchObject({
      code: 'node_unauthorized',
    });
  });
});
