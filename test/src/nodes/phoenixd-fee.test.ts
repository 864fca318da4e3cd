import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Backing, startBacking } from './backing.js';
import type { Facade } from './facade.js';
import { openConfigured } from './facade-world.js';
import { servePhoenixdFacade } from './phoenixd-facade.js';
import { anInvoice, payMs, succeeded } from './steps.js';

const passwords = { full: 'full-access', limited: 'limited-access' };

describe('phoenixd (facade), which takes no fee cap', () => {
  let backing: Backing;
  let facade: Facade;
  beforeAll(async () => {
    backing = await startBacking();
    facade = await servePhoenixdFacade(backing, passwords);
  });
  afterAll(async () => {
    await facade.close();
    await backing.close();
  });
  const open = (password: string) =>
    openConfigured(
      { kind: 'phoenixd', url: `http://127.0.0.1:${facade.port}`, password_env: 'NODE_SECRET' },
      password,
    );

  it('pays nothing whose 4 sat and 0.4 % are above the cap', async () => {
    const wallet = await open(passwords.full);
    const { invoice, paymentHash } = await backing.honest.merchant.createInvoice(
      anInvoice({ amountMsat: 100_000n }),
    );
    const request = { invoice, timeoutMs: payMs };
    await expect(wallet.payInvoice({ ...request, maxFeeMsat: 4_399n })).rejects.toMatchObject({
      code: 'node_refused',
      message: expect.stringContaining('4400 msat'),
    });
    expect(await backing.honest.merchant.lookupInvoice(paymentHash)).toEqual({ status: 'open' });
    succeeded(await wallet.payInvoice({ ...request, maxFeeMsat: 4_400n }));
    await wallet.close();
  });

  it('cuts a description that phoenixd would refuse, never within a character', async () => {
    const node = await open(passwords.limited);
    const made = await node.createInvoice(anInvoice({ description: `${'x'.repeat(127)}⚡⚡ and more` }));
    expect(made.invoice).toMatch(/^lnbcrt/);
    const astral = await node.createInvoice(anInvoice({ description: `${'x'.repeat(127)}😀 and more` }));
    expect(astral.invoice).toMatch(/^lnbcrt/);
    await node.close();
  });

  it('tells the two passwords apart without paying', async () => {
    const rights = async (password: string) => {
      const node = await open(password);
      const told = 'rights' in node && typeof node.rights === 'function' ? await node.rights() : [];
      await node.close();
      const held: unknown[] = told.filter((each: { held: boolean }) => each.held);
      return held.map((each) => (each as { right: string }).right);
    };
    expect(await rights(passwords.limited)).toEqual(['info', 'invoice', 'lookup', 'track', 'balance']);
    expect(await rights(passwords.full)).toContain('pay');
    await expect(rights('neither')).rejects.toMatchObject({ code: 'node_unauthorized' });
  });
});
