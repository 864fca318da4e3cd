import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeInvoice } from '../bolt11/decode.js';
import { encodeInvoice } from '../bolt11/encode.js';
import { checkPayable } from '../bolt11/payable.js';
import { verifyInvoice } from '../bolt11/signature.js';
import { PaperNode } from './paper-node.js';

const request = { amountMsat: 1_000n, description: '1 request', expirySeconds: 60 };
const noFee = { maxFeeMsat: 0n, timeoutMs: 1_000 };

describe('PaperNode', () => {
  it('makes signed invoices that a payer accepts', async () => {
    const node = new PaperNode();
    const { invoice, paymentHash } = await node.createInvoice(request);
    const decoded = decodeInvoice(invoice);
    if (!decoded.ok) throw new Error(decoded.detail);
    expect(decoded.value).toMatchObject({ ...request, network: 'regtest', paymentHash });
    expect(checkPayable(decoded.value)).toMatchObject({ ok: true });
    expect(verifyInvoice(decoded.value)).toEqual({ ok: true, value: { payee: node.nodeId } });
  });

  it('"pays" by revealing the preimage, once', async () => {
    const payee = new PaperNode();
    const payer = new PaperNode({ payee, feeMsat: 3n, spendableMsat: 2_500n });
    const { invoice, paymentHash } = await payee.createInvoice(request);
    expect(await payee.lookupInvoice(paymentHash)).toEqual({ status: 'open' });
    expect(await payer.trackPayment(paymentHash)).toEqual({ status: 'absent' });
    const paid = await payer.payInvoice({ invoice, maxFeeMsat: 3n, timeoutMs: 1_000 });
    if (paid.status !== 'succeeded') throw new Error(paid.status);
    expect(createHash('sha256').update(Buffer.from(paid.preimage, 'hex')).digest('hex')).toBe(paymentHash);
    expect(await payer.payInvoice({ invoice, ...noFee })).toEqual(paid);
    expect(await payer.trackPayment(paymentHash)).toEqual(paid);
    expect((await payer.balance()).spendableMsat).toBe(1_497n);
    expect(await payee.lookupInvoice(paymentHash)).toMatchObject({ status: 'settled', receivedMsat: 1_000n });
    await expect(payee.cancelInvoice(paymentHash)).rejects.toMatchObject({ code: 'node_refused' });
  });

  it("does not pay above the fee cap, nor what it has not, nor what is cancelled, expired or not its payee's", async () => {
    let nowMs = 1_700_000_000_000;
    const payee = new PaperNode({ now: () => nowMs });
    const { invoice, paymentHash } = await payee.createInvoice(request);
    const pay = (payer: PaperNode) => payer.payInvoice({ invoice, ...noFee });
    expect(await pay(new PaperNode({ payee, feeMsat: 1n }))).toMatchObject({ status: 'failed' });
    expect(await pay(new PaperNode({ payee, spendableMsat: 999n }))).toMatchObject({ status: 'failed' });
    expect(await pay(new PaperNode())).toMatchObject({ status: 'failed' });
    nowMs += 60_000;
    expect(await pay(new PaperNode({ payee }))).toMatchObject({ status: 'failed' });
    nowMs -= 1;
    await payee.cancelInvoice(paymentHash);
    expect(await pay(new PaperNode({ payee }))).toMatchObject({ status: 'failed' });
  });

  it('refuses every network but regtest', async () => {
    const elsewhere = { network: 'mainnet' } as unknown as { network: 'regtest' }; // what a caller without types could pass
    expect(() => new PaperNode(elsewhere)).toThrow(expect.objectContaining({ code: 'node_refused' }));
    const foreign = encodeInvoice(
      { network: 'mainnet', timestamp: 1, amountMsat: 1n, paymentHash: '00'.repeat(32) },
      Buffer.alloc(32, 1),
    );
    if (!foreign.ok) throw new Error(foreign.detail);
    const paying = new PaperNode().payInvoice({ invoice: foreign.value, ...noFee });
    await expect(paying).rejects.toMatchObject({ code: 'node_refused' });
  });

  it('hands out what was minted before for the same request, each once', async () => {
    const node = new PaperNode();
    node.premint(2, request);
    const other = await node.createInvoice({ ...request, amountMsat: 2_000n });
    const three = [
      await node.createInvoice(request),
      await node.createInvoice(request),
      await node.createInvoice(request),
    ];
    expect(new Set([other, ...three].map(({ paymentHash }) => paymentHash)).size).toBe(4);
    node.premint(1, request, { reuse: true });
    expect(await node.createInvoice(request)).toEqual(await node.createInvoice(request));
  });

  it('refuses an invoice that cannot be written', async () => {
    await expect(new PaperNode().createInvoice({ ...request, amountMsat: 0n })).rejects.toMatchObject({
      code: 'node_refused',
    });
  });
});
