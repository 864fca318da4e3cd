import { MethodUnavailable } from '@farebox/protocol';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { decodeInvoice } from '../bolt11/decode.js';
import { encodeInvoice } from '../bolt11/encode.js';
import { type CreatedInvoice, type InvoiceRequest, NodeError } from '../node.js';
import { PaperNode } from '../paper/paper-node.js';
import { createInvoicePool } from '../pool/invoice-pool.js';
import { nowMs, paymentHash, secretKey } from '../testing/charge-challenge.js';
import { createInvoiceTimeoutMs } from './deadline.js';
import { parseChargeRequest } from './request.js';
import { lightningSeller } from './seller.js';

const context = { nowMs, challengeLifeMs: 300_000 };
const offer = { method: 'lightning', intent: 'charge', price: { amount: 1n, currency: 'sat' } } as const;

/** A node that answers as it is told. */
class ScriptedNode extends PaperNode {
  readonly asked: InvoiceRequest[] = [];
  constructor(readonly answer: (request: InvoiceRequest) => Promise<CreatedInvoice>) {
    super();
  }
  override createInvoice(request: InvoiceRequest): Promise<CreatedInvoice> {
    this.asked.push(request);
    return this.answer(request);
  }
}

function signed(changes: Partial<Parameters<typeof encodeInvoice>[0]>): CreatedInvoice {
  const invoice = encodeInvoice(
    {
      network: 'regtest',
      timestamp: nowMs / 1_000,
      amountMsat: 1_000n,
      paymentHash,
      paymentSecret: '11'.repeat(32),
      description: '',
      ...changes,
    },
    secretKey,
  );
  if (!invoice.ok) throw new Error(invoice.detail);
  return { invoice: invoice.value, paymentHash: changes.paymentHash ?? paymentHash };
}

function sellerOf(answer: (request: InvoiceRequest) => Promise<CreatedInvoice>) {
  return lightningSeller({ node: new ScriptedNode(answer), network: 'regtest' });
}

async function failureOf(quote: Promise<unknown>): Promise<MethodUnavailable> {
  const failure: unknown = await quote.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(failure instanceof MethodUnavailable)) throw new Error(`Not refused as unavailable: ${failure}`);
  return failure;
}

afterEach(() => {
  vi.useRealTimers();
});

describe('quote', () => {
  it('hands out an invoice of exactly the price, with what the draft asks for', async () => {
    const node = new PaperNode({ now: () => nowMs });
    const seller = lightningSeller({ node, network: 'regtest', description: 'unused' });
    const quote = await seller.quote({ ...offer, description: 'Block by height' }, context);
    const request = parseChargeRequest(quote.request);
    if (!request.ok) throw new Error(request.detail);
    const decoded = decodeInvoice(request.value.invoice);
    if (!decoded.ok) throw new Error(decoded.detail);
    expect(decoded.value).toMatchObject({
      network: 'regtest',
      amountMsat: 1_000n,
      description: 'Block by height',
    });
    expect(quote.request).toEqual({
      amount: '1',
      currency: 'sat',
      description: 'Block by height',
      methodDetails: {
        invoice: request.value.invoice,
        paymentHash: decoded.value.paymentHash,
        network: 'regtest',
      },
    });
    expect(quote.expiresMs).toBe(nowMs + 300_000);
  });

  it('takes its own description where the offer has none, and says nothing where there is none at all', async () => {
    const node = new PaperNode({ now: () => nowMs });
    const described = await lightningSeller({ node, network: 'regtest', description: 'An API' }).quote(
      offer,
      context,
    );
    expect(described.request.description).toBe('An API');
    const silent = await lightningSeller({ node, network: 'regtest' }).quote(offer, context);
    expect('description' in silent.request).toBe(false);
  });

  it('cuts a memo to the 639 bytes of a description field, never within a character', async () => {
    const node = new PaperNode({ now: () => nowMs });
    const quote = await lightningSeller({ node, network: 'regtest' }).quote(
      { ...offer, description: `x${'é'.repeat(400)}` },
      context,
    );
    expect(quote.request.description).toBe(`x${'é'.repeat(319)}`);
  });

  it('never lets a challenge outlive its invoice', async () => {
    const seller = sellerOf(async () => signed({ expirySeconds: 20 }));
    expect((await seller.quote(offer, context)).expiresMs).toBe(nowMs + 20_000);
    const behind = sellerOf(async () => signed({ timestamp: nowMs / 1_000 - 100, expirySeconds: 305 }));
    expect((await behind.quote(offer, context)).expiresMs).toBe(nowMs + 205_000);
  });

  it('asks for an invoice that covers the whole life of the challenge', async () => {
    const node = new ScriptedNode(async ({ expirySeconds }) => signed({ expirySeconds }));
    const seller = lightningSeller({ node, network: 'regtest' });
    const quote = await seller.quote(offer, { nowMs, challengeLifeMs: 1_500 });
    expect(quote.expiresMs).toBe(nowMs + 1_500);
    expect(node.asked[0]?.amountMsat).toBe(1_000n);
    expect(node.asked[0]?.expirySeconds).toBeGreaterThanOrEqual(2);
  });

  it.each([
    ['another amount', signed({ amountMsat: 2_000n }), /2000 msat, not 1000 msat/],
    ['a millisatoshi more', signed({ amountMsat: 1_001n }), /1001 msat, not 1000 msat/],
    ['any amount', { ...signed({}), invoice: amountless() }, /any amount, not 1000 msat/],
    ['another network', signed({ network: 'mainnet' }), /mainnet, not regtest/],
    ['another payment hash', { ...signed({}), paymentHash: 'ab'.repeat(32) }, /another payment hash/],
    ['nothing that can be read', { invoice: 'lnbcrt10n1oops', paymentHash }, /cannot be read/],
    [
      'an invoice that has expired',
      signed({ timestamp: nowMs / 1_000 - 60, expirySeconds: 60 }),
      /expired already/,
    ],
  ])('refuses to sell on an invoice for %s', async (_, created, message) => {
    const failure = await failureOf(sellerOf(async () => created).quote(offer, context));
    expect(failure.message).toMatch(message);
    expect(failure.retry).toBe('safe');
  });

  it('says why the node made none, and keeps its error as the cause', async () => {
    const cause = new NodeError('node_unreachable', 'Connection refused');
    const failure = await failureOf(sellerOf(() => Promise.reject(cause)).quote(offer, context));
    expect(failure.message).toContain('node_unreachable: Connection refused');
    expect(failure.cause).toBe(cause);
  });

  it('does not repeat an unknown error, which may hold a secret', async () => {
    const cause = new Error('macaroon 0201036c6e64');
    const failure = await failureOf(sellerOf(() => Promise.reject(cause)).quote(offer, context));
    expect(failure.message).not.toContain('0201036c6e64');
    expect(failure.cause).toBe(cause);
  });

  it('does not wait for a node that hangs', async () => {
    vi.useFakeTimers();
    const failure = failureOf(sellerOf(() => new Promise(() => {})).quote(offer, context));
    await vi.advanceTimersByTimeAsync(createInvoiceTimeoutMs);
    expect((await failure).message).toContain('deadline_exceeded');
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ['another currency', { amount: 1n, currency: 'usd' }],
    ['millisatoshis', { amount: 1_000n, currency: 'msat' }],
    ['nothing', { amount: 0n, currency: 'sat' }],
    ['less than nothing', { amount: -1n, currency: 'sat' }],
    ['more than all bitcoin', { amount: 2_100_000_000_000_001n, currency: 'sat' }],
  ])('refuses a price of %s without asking the node', async (_, price) => {
    const node = new ScriptedNode(async () => signed({}));
    await failureOf(lightningSeller({ node, network: 'regtest' }).quote({ ...offer, price }, context));
    expect(node.asked).toEqual([]);
  });
});

describe('quote from a pool', () => {
  it('hands out what is ready, without asking the node, for as long as the challenge lives', async () => {
    const node = new PaperNode({ now: () => nowMs });
    const pool = createInvoicePool({ node, network: 'regtest', now: () => nowMs });
    const seller = lightningSeller({ node, network: 'regtest', pool });
    for (let i = 0; i < 5; i++) await seller.quote(offer, context);
    await vi.waitFor(() => expect(pool.counts()).toMatchObject({ ready: 4, minting: 0 }), {
      timeout: 30_000,
    });
    const asked = vi.spyOn(node, 'createInvoice').mockReturnValue(new Promise(() => {}));
    const quote = await seller.quote(offer, context);
    expect(asked).toHaveBeenCalledTimes(0);
    expect(quote.expiresMs).toBe(nowMs + 300_000);
    const request = parseChargeRequest(quote.request);
    if (!request.ok) throw new Error(request.detail);
    const decoded = decodeInvoice(request.value.invoice);
    expect(decoded).toMatchObject({
      value: { amountMsat: 1_000n, paymentHash: request.value.paymentHash, network: 'regtest' },
    });
    await pool.close();
  });

  it('says why there is none', async () => {
    const cause = new NodeError('node_unreachable', 'Connection refused');
    const node = new ScriptedNode(() => Promise.reject(cause));
    const pool = createInvoicePool({ node, network: 'regtest' });
    const failure = await failureOf(
      lightningSeller({ node, network: 'regtest', pool }).quote(offer, context),
    );
    expect(failure.message).toContain('node_unreachable: Connection refused');
    expect(failure.cause).toBe(cause);
    await pool.close();
  });

  it('tells the pool what is paid', async () => {
    const node = new PaperNode({ now: () => nowMs });
    const pool = createInvoicePool({ node, network: 'regtest', now: () => nowMs });
    const seller = lightningSeller({ node, network: 'regtest', pool });
    const { request } = await seller.quote(offer, context);
    expect(pool.counts().toCancel).toBe(1);
    const parsed = parseChargeRequest(request);
    const preimage = node.preimageOf((parsed.ok && parsed.value.paymentHash) || '') ?? '';
    const challenge = {
      id: 'x',
      realm: 'x',
      method: 'lightning',
      intent: 'charge',
      request: '',
      requestObject: request,
      expires: new Date(nowMs + 300_000).toISOString(),
    };
    expect(await seller.verify(challenge, { preimage: '00'.repeat(32) }, { nowMs })).toMatchObject({
      ok: false,
    });
    expect(pool.counts().toCancel).toBe(1);
    expect(await seller.verify(challenge, { preimage }, { nowMs })).toMatchObject({ ok: true });
    expect(pool.counts().toCancel).toBe(0);
    await pool.close();
  });
});

function amountless(): string {
  const invoice = encodeInvoice({ network: 'regtest', timestamp: nowMs / 1_000, paymentHash }, secretKey);
  if (!invoice.ok) throw new Error(invoice.detail);
  return invoice.value;
}
