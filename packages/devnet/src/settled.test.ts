import type { InvoiceNode, NodePeriod, SettledInvoice } from '@farebox/lightning';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDevnet } from './client.js';
import { type Devnet, startDevnet } from './devnet.js';
import { type DevnetServer, serveDevnet } from './server.js';
import { anInvoice, succeeded } from './testing/fixtures.js';

const hourMs = 3_600_000;
const always: NodePeriod = { fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER };
let nowMs = Date.now();
let devnet: Devnet;
let server: DevnetServer;
let remote: InvoiceNode;

beforeAll(async () => {
  devnet = await startDevnet({ now: () => nowMs });
  server = await serveDevnet(devnet);
  remote = connectDevnet({ url: server.url, token: server.token, role: 'merchant' });
});
afterAll(async () => {
  await remote.close();
  await server.close();
  await devnet.close();
});

async function settled(node: InvoiceNode, period = always): Promise<readonly SettledInvoice[]> {
  if (node.listSettled === undefined) throw new Error('this node cannot list what settled');
  const found: SettledInvoice[] = [];
  for await (const invoice of node.listSettled(period)) found.push(invoice);
  return found;
}

async function pay(amountMsat: bigint): Promise<string> {
  const made = await devnet.merchant.createInvoice(anInvoice({ amountMsat, expirySeconds: 600 }));
  succeeded(await devnet.wallet.payInvoice({ invoice: made.invoice, maxFeeMsat: 0n, timeoutMs: 60_000 }));
  return made.paymentHash;
}

describe('the invoices that settled', () => {
  it('are those that were paid, here and from another process, and never the others', async () => {
    const paid = [await pay(1000n), await pay(2500n)];
    await devnet.merchant.createInvoice(anInvoice());
    const gone = await devnet.merchant.createInvoice(anInvoice());
    await devnet.merchant.cancelInvoice(gone.paymentHash);
    const listed = await settled(devnet.merchant);
    expect(listed.map((invoice) => invoice.paymentHash).sort()).toEqual([...paid].sort());
    expect(listed.map((invoice) => invoice.receivedMsat).sort()).toEqual([1000n, 2500n]);
    for (const { paymentHash, settledMs, receivedMsat } of listed) {
      expect(await devnet.merchant.lookupInvoice(paymentHash)).toEqual({
        status: 'settled',
        settledMs,
        receivedMsat,
      });
    }
    expect(await settled(remote)).toEqual(listed);
    expect(await settled(devnet.wallet)).toEqual([]);
  });

  it('of a period are those of that period', async () => {
    const before = nowMs;
    nowMs += hourMs;
    const late = await pay(3000n);
    const period = { fromMs: before + hourMs / 2, untilMs: always.untilMs };
    for (const node of [devnet.merchant, remote]) {
      expect((await settled(node, period)).map((invoice) => invoice.paymentHash)).toEqual([late]);
      expect((await settled(node, { fromMs: 0, untilMs: period.fromMs })).length).toBe(2);
    }
  });

  it('of what is no period are refused', async () => {
    const period = { fromMs: Number.NaN, untilMs: 1 };
    for (const node of [devnet.merchant, remote]) {
      await expect(settled(node, period)).rejects.toMatchObject({ code: 'node_refused' });
    }
  });

  it('are not told by a node that was closed', async () => {
    const closed = connectDevnet({ url: server.url, token: server.token, role: 'merchant' });
    await closed.close();
    await expect(settled(closed)).rejects.toMatchObject({ code: 'node_unreachable' });
  });
});
