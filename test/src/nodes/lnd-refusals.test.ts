import type { JsonValue } from '@farebox/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type LndNode, openLnd } from './adapters.js';
import { type Backing, startBacking } from './backing.js';
import { type Facade, type FacadeReply, serveFacade } from './facade.js';
import { bakeMacaroon, invoiceMacaroonOperations, payMacaroonOperations } from './lnd-macaroon.js';
import { anInvoice, payMs, shown } from './steps.js';

// Answers of LND that the devnet behind the facade never gives. Those in quotes were recorded from LND v0.21.2.

const closing: (() => Promise<unknown>)[] = [];
/** Makes the invoices that nobody pays: what becomes of them is said by hand. */
let backing: Backing;
beforeAll(async () => {
  backing = await startBacking();
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
afterAll(() => backing.close());

async function answering(
  reply: FacadeReply | ((path: string) => FacadeReply),
  operations = payMacaroonOperations,
): Promise<LndNode> {
  const facade: Facade = await serveFacade(async ({ path }) =>
    typeof reply === 'function' ? reply(path) : reply,
  );
  const node = openLnd({
    url: `http://127.0.0.1:${facade.port}`,
    macaroon: bakeMacaroon(operations),
    network: 'regtest',
  });
  closing.push(
    () => node.close(),
    () => facade.close(),
  );
  return node;
}

const refusal = (message: string, code = 2) => ({ status: 500, json: { code, message, details: [] } });
const info: JsonValue = {
  identity_pubkey: `02${'ab'.repeat(32)}`,
  chains: [{ chain: 'bitcoin', network: 'regtest' }],
};

const regtestInvoice = () => backing.honest.merchant.createInvoice(anInvoice());

describe('a refusal of lnd (facade)', () => {
  it.each([
    ['expected 1 macaroon, got 0', 'node_unauthorized'],
    ['verification failed: signature mismatch after caveat verification', 'node_unauthorized'],
    ['permission denied', 'node_unauthorized'],
    ['wallet locked, unlock it to enable full RPC access', 'node_unreachable'],
    [
      'the RPC server is in the process of starting up, but not yet ready to accept calls',
      'node_unreachable',
    ],
    ['write /home/seller/.lnd/data/graph/regtest/channel.db: no space left on device', 'node_refused'],
  ])('"%s" is %s', async (words, code) => {
    const node = await answering((path) => (path === '/v1/getinfo' ? { json: info } : refusal(words)));
    await expect(node.createInvoice(anInvoice())).rejects.toMatchObject({ name: 'NodeError', code });
    await expect(node.balance()).rejects.toMatchObject({ code });
  });

  it.each<[string, FacadeReply, string]>([
    [
      'a proxy’s 502',
      { status: 502, text: '<html>Bad Gateway</html>', type: 'text/html' },
      'node_unreachable',
    ],
    ['a login page', { status: 200, text: '<html>', type: 'text/html' }, 'node_misbehaved'],
    ['a list', { json: [] }, 'node_misbehaved'],
    ['an empty object', { json: {} }, 'node_misbehaved'],
    [
      'another network',
      { json: { ...info, chains: [{ chain: 'bitcoin', network: 'mainnet' }] } },
      'node_refused',
    ],
    [
      'a network that is not known',
      { json: { ...info, chains: [{ network: 'simnet' }] } },
      'node_misbehaved',
    ],
  ])('of its own kind: %s', async (_, reply, code) => {
    await expect((await answering(reply)).info()).rejects.toMatchObject({ name: 'NodeError', code });
  });

  it('to say who it is leaves the configured network, for a macaroon that may only sell', async () => {
    const node = await answering(refusal('permission denied'), invoiceMacaroonOperations);
    expect(await node.info()).toEqual({ kind: 'lnd', network: 'regtest' });
    // A macaroon that may ask and is refused nevertheless is not the node's.
    await expect((await answering(refusal('permission denied'))).info()).rejects.toMatchObject({
      code: 'node_unauthorized',
    });
  });

  it('never repeats a secret that LND shows: the preimage of an unpaid invoice', async () => {
    const preimage = 'o8UiLm7tPIeaX6kVOp2VWWUPETD0eRE9YnNSPKOgjmc=';
    const node = await answering({
      status: 500,
      json: { code: 2, message: `bad invoice ${preimage}`, r_preimage: preimage },
    });
    const error: unknown = await node.lookupInvoice('ab'.repeat(32)).catch((reason: unknown) => reason);
    expect(shown(error)).toContain('bad invoice');
    expect(shown(error)).not.toContain(preimage.slice(0, 20));
  });
});

describe('what lnd (facade) says of a payment', () => {
  const line = (result: JsonValue): FacadeReply => ({
    lines: (async function* () {
      yield { result };
    })(),
  });

  it.each<[string, FacadeReply]>([
    [
      'a success with another preimage',
      line({ status: 'SUCCEEDED', payment_preimage: 'ab'.repeat(32), fee_msat: '0' }),
    ],
    ['a success without one', line({ status: 'SUCCEEDED' })],
    ['a status of a later version', line({ status: 'SETTLING' })],
    ['a stream that ends without an end', line({ status: 'IN_FLIGHT' })],
    ['nothing at all', { text: '' }],
    ['a proxy’s 504', { status: 504, text: 'Gateway Time-out' }],
    ['a refusal in the middle, and tracking does not work', refusal('routerrpc server shutting down')],
  ])('%s: not certain, so in flight', async (_, reply) => {
    const { invoice } = await regtestInvoice();
    const node = await answering((path) =>
      path === '/v2/router/send'
        ? reply
        : { status: 500, json: { code: 2, message: 'shutting down', details: [] } },
    );
    expect(await node.payInvoice({ invoice, maxFeeMsat: 0n, timeoutMs: payMs })).toEqual({
      status: 'in-flight',
    });
  });

  it('a refusal before anything was recorded: certainly not sent', async () => {
    const { invoice } = await regtestInvoice();
    const node = await answering((path) =>
      path === '/v2/router/send'
        ? { status: 500, json: { error: { code: 2, message: 'self-payments not allowed', details: [] } } }
        : { status: 404, json: { error: { code: 5, message: "payment isn't initiated", details: [] } } },
    );
    await expect(node.payInvoice({ invoice, maxFeeMsat: 0n, timeoutMs: payMs })).rejects.toMatchObject({
      code: 'node_refused',
      message: 'LND refused (self-payments not allowed).',
    });
  });

  it('that it has this payment already: what became of that one', async () => {
    const { invoice, paymentHash } = await regtestInvoice();
    const node = await answering((path) =>
      path === '/v2/router/send'
        ? { status: 409, json: { error: { code: 6, message: 'payment is in transition', details: [] } } }
        : line({ payment_hash: paymentHash, status: 'FAILED', failure_reason: 'FAILURE_REASON_NO_ROUTE' }),
    );
    expect(await node.payInvoice({ invoice, maxFeeMsat: 0n, timeoutMs: payMs })).toEqual({
      status: 'failed',
      reason: 'no route was found within the fee cap',
    });
  });
});

describe('the list of what settled at lnd (facade)', () => {
  const made = (index: number) => ({
    r_hash: Buffer.alloc(32, `invoice ${index} `).toString('base64'),
    state: index % 2 === 0 ? 'SETTLED' : 'OPEN',
    settle_date: '1700000000',
    amt_paid_msat: String(index),
    memo: '',
  });

  async function listing(lastOffset: (index: number) => number, invoices: number) {
    let calls = 0;
    const facade = await serveFacade(async ({ query }) => {
      calls++;
      const from = Number(query.get('index_offset'));
      const size = Math.min(Number(query.get('num_max_invoices')), invoices - from);
      const page = Array.from({ length: Math.max(0, size) }, (_, at) => made(from + at + 1));
      return { json: { invoices: page, last_index_offset: String(lastOffset(from + page.length)) } };
    });
    const macaroon = bakeMacaroon(invoiceMacaroonOperations);
    const node = openLnd({ url: `http://127.0.0.1:${facade.port}`, macaroon, network: 'regtest' });
    closing.push(
      () => node.close(),
      () => facade.close(),
    );
    const found: bigint[] = [];
    const period = { fromMs: 1_699_999_000_000, untilMs: 1_700_001_000_000 };
    for await (const { receivedMsat } of node.listSettled?.(period) ?? []) found.push(receivedMsat);
    return { found, calls };
  }

  it('is read page by page to its end, each invoice once', async () => {
    const { found, calls } = await listing((index) => index, 1_201);
    expect(found).toEqual(Array.from({ length: 600 }, (_, at) => BigInt(at * 2 + 2)));
    expect(calls).toBe(3);
  });

  it('ends where the node would give the same page for ever', async () => {
    expect((await listing(() => 0, 10_000)).calls).toBe(1);
  });
});
