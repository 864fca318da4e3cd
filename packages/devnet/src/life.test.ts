import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { startDevnet } from './devnet.js';
import { anInvoice, succeeded } from './testing/fixtures.js';

const entry = JSON.stringify(new URL('./index.js', import.meta.url).href);

describe('a program that uses a devnet', () => {
  it('gets nothing on its stdout and stderr, and ends by itself after close', async () => {
    const program = `
      const { startDevnet, serveDevnet, connectDevnet } = await import(${entry});
      const devnet = await startDevnet();
      const server = await serveDevnet(devnet);
      const merchant = connectDevnet({ url: server.url, token: server.token, role: 'merchant' });
      const { invoice } = await merchant.createInvoice({ amountMsat: 1000n, description: '', expirySeconds: 600 });
      const paid = await devnet.wallet.payInvoice({ invoice, maxFeeMsat: 0n, timeoutMs: 60_000 });
      if (paid.status !== 'succeeded') process.exit(3);
      await merchant.close();
      await server.close();
      await devnet.close();
      await devnet.close();
    `;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program]);
    let printed = '';
    child.stdout.on('data', (data) => {
      printed += data;
    });
    child.stderr.on('data', (data) => {
      printed += data;
    });
    // If anything kept it alive the test would time out here.
    const [code] = await once(child, 'close');
    expect(printed).toBe('');
    expect(code).toBe(0);
  });
});

describe('after close', () => {
  it('every call is refused as unreachable, a held payment is in flight, and close stays idempotent', async () => {
    const devnet = await startDevnet();
    const { invoice } = await devnet.merchant.createInvoice(anInvoice());
    const held = await devnet.merchant.holdInvoice({ ...anInvoice(), paymentHash: 'ab'.repeat(32) });
    const paying = devnet.wallet.payInvoice({ invoice: held.invoice, maxFeeMsat: 0n, timeoutMs: 110_000 });
    await Promise.all([devnet.close(), devnet.close()]);
    expect(await paying).toEqual({ status: 'in-flight' });
    const unreachable = { code: 'node_unreachable' };
    await expect(devnet.merchant.createInvoice(anInvoice())).rejects.toMatchObject(unreachable);
    await expect(
      devnet.wallet.payInvoice({ invoice, maxFeeMsat: 0n, timeoutMs: 1_000 }),
    ).rejects.toMatchObject(unreachable);
  });

  it('of one handle, the devnet and its other nodes go on', async () => {
    const devnet = await startDevnet();
    try {
      const { invoice } = await devnet.merchant.createInvoice(anInvoice());
      await devnet.merchant.close();
      await expect(devnet.merchant.info()).rejects.toMatchObject({ code: 'node_unreachable' });
      succeeded(await devnet.wallet.payInvoice({ invoice, maxFeeMsat: 0n, timeoutMs: 60_000 }));
    } finally {
      await devnet.close();
    }
  });
});
