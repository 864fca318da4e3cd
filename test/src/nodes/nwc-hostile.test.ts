import type { LightningNode } from '@farebox/lightning';
import type { JsonObject } from '@farebox/protocol';
import { type Event, finalizeEvent, generateSecretKey, getPublicKey } from 'nostr-tools/pure';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openNwc } from '../../../packages/lightning/dist/nodes/nwc/nwc.js';
import { type Backing, startBacking } from './backing.js';
import { type RelayOptions, startRelay, type TestRelay } from './nwc-relay.js';
import { type ServiceOptions, startService, type TestService } from './nwc-service.js';
import { anInvoice, ended, payMs, shown, succeeded } from './steps.js';

const methods = ['get_info', 'make_invoice', 'pay_invoice', 'lookup_invoice', 'get_balance'];
const answerKind = 23195;
const requestKind = 23194;

describe('nwc, among liars', () => {
  let backing: Backing;
  const closing: (() => unknown)[] = [];
  beforeAll(async () => {
    backing = await startBacking();
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  afterAll(() => backing.close());

  interface Rig {
    readonly node: LightningNode;
    readonly relay: TestRelay;
    readonly service: TestService;
    readonly secret: string;
  }

  /** A wallet service, its relay, and an adapter, with somebody in between. */
  async function rig(
    hands: {
      relay?: RelayOptions;
      answer?: ServiceOptions['answer'];
      budgetMsat?: bigint;
      alone?: boolean;
    } = {},
  ): Promise<Rig> {
    const secretKey = generateSecretKey();
    const secret = Buffer.from(secretKey).toString('hex');
    const budget = hands.budgetMsat === undefined ? {} : { budgetMsat: hands.budgetMsat };
    const relay = await startRelay(hands.relay);
    const service = await startService(backing, relay.port, {
      encryption: 'nip44_v2 nip04',
      connections: new Map([[getPublicKey(secretKey), { methods, ...budget }]]),
      ...(hands.answer === undefined ? {} : { answer: hands.answer }),
    });
    const url = encodeURIComponent(`ws://127.0.0.1:${relay.port}`);
    const dead = hands.alone === false ? `relay=${encodeURIComponent('ws://127.0.0.1:9')}&` : '';
    const connection = `nostr+walletconnect://${service.walletKey}?${dead}relay=${url}&secret=${secret}`;
    const node = await openNwc({ connection, network: 'regtest', answerMs: 20_000 });
    closing.push(
      () => relay.close(),
      () => service.close(),
      () => node.close(),
    );
    return { node, relay, service, secret };
  }

  const pay = async (node: LightningNode, timeoutMs = payMs) => {
    const made = await backing.honest.merchant.createInvoice(anInvoice());
    const state = await node.payInvoice({ invoice: made.invoice, maxFeeMsat: 10_000n, timeoutMs });
    return { ...made, state };
  };

  it('believes the wallet, and nobody who speaks before it', async () => {
    const forger = generateSecretKey();
    const { node } = await rig({
      relay: {
        // Signed by another, changed on the way, and to another request: each before the true one.
        deliver: (event) =>
          event.kind === answerKind
            ? [
                finalizeEvent(
                  { kind: event.kind, created_at: 1, tags: event.tags, content: event.content },
                  forger,
                ),
                { ...event, content: `${event.content.slice(0, -8)}AAAAAAA=` },
                { ...event, tags: [['e', 'ab'.repeat(32)]] },
                event,
              ]
            : [event],
      },
    });
    const { paymentHash, state } = await pay(node);
    expect(succeeded(state).feeMsat).toBe(1_000n);
    expect(await node.trackPayment(paymentHash)).toEqual(state);
  });

  it('does not take an earlier answer for the answer to a later question', async () => {
    const answers: Event[] = [];
    const { node } = await rig({
      relay: {
        deliver: (event) => {
          if (event.kind !== answerKind) return [event];
          answers.push(event);
          return [...answers];
        },
      },
    });
    const first = await pay(node);
    const second = await pay(node);
    expect(succeeded(first.state).preimage).not.toBe(succeeded(second.state).preimage);
    expect(await node.trackPayment(first.paymentHash)).toEqual(first.state);
  });

  it('finds what became of a payment whose answer was kept back, without ordering it again', async () => {
    let silent = false;
    const { node, service } = await rig({
      relay: { deliver: (event) => (event.kind === answerKind && silent ? [] : [event]) },
    });
    const made = await backing.honest.merchant.createInvoice(anInvoice());
    await node.info();
    silent = true;
    // By then the wallet has long been given the order.
    const request = { invoice: made.invoice, maxFeeMsat: 10_000n, timeoutMs: 3_000 };
    expect(await node.payInvoice(request)).toEqual({ status: 'in-flight' });
    silent = false;
    const found = succeeded(await ended(node, made.paymentHash));
    expect(found.feeMsat).toBe(1_000n);
    expect(service.calls.get('pay_invoice')).toBe(1);
    // Told again, the wallet says that it has paid, and the adapter finds with what.
    expect(await node.payInvoice({ ...request, timeoutMs: payMs })).toEqual(found);
    expect(await backing.honest.merchant.lookupInvoice(made.paymentHash)).toMatchObject({
      receivedMsat: 1_000n,
    });
  });

  it.each(['blocked: no', 'auth-required: who are you?', 'error: cannot store'])(
    'does not believe a relay that says it refused the order (%s), and has passed it on',
    async (reason) => {
      let ordering = false;
      const { node, service } = await rig({
        relay: { refuse: (event) => (ordering && event.kind === requestKind ? reason : undefined) },
      });
      await node.info();
      ordering = true;
      const { state, paymentHash } = await pay(node);
      expect(await backing.honest.merchant.lookupInvoice(paymentHash)).toMatchObject({ status: 'settled' });
      expect(succeeded(state).feeMsat).toBe(1_000n);
      expect(service.calls.get('pay_invoice')).toBe(1);
    },
  );

  it('does not call a payment unpaid that a relay has refused, as far as anybody can see', async () => {
    let ordering = false;
    const { node, service } = await rig({
      relay: {
        refuse: (event) => (ordering && event.kind === requestKind ? 'blocked: no' : undefined),
        deliver: (event) => (ordering && event.kind === requestKind ? [] : [event]),
      },
    });
    await node.info();
    ordering = true;
    expect((await pay(node, 1_000)).state).toEqual({ status: 'in-flight' });
    expect(service.calls.get('pay_invoice')).toBeUndefined();
  });

  it('does not believe a preimage that proves nothing, whoever signs it', async () => {
    const lie = (method: string, answer: JsonObject): JsonObject =>
      method === 'pay_invoice' ? { ...answer, error: null, result: { preimage: 'cd'.repeat(32) } } : answer;
    const { node } = await rig({ answer: lie });
    const { state, paymentHash } = await pay(node);
    // The payment was made: looking it up brings the true one.
    expect(await backing.honest.merchant.lookupInvoice(paymentHash)).toMatchObject({ status: 'settled' });
    expect(succeeded(state).preimage).not.toBe('cd'.repeat(32));
  });

  it('leaves a payment open that is called paid without any proof', async () => {
    const lie = (method: string, answer: JsonObject): JsonObject =>
      method === 'pay_invoice' || method === 'lookup_invoice'
        ? { result_type: method, error: null, result: { type: 'outgoing', state: 'settled', fees_paid: 1 } }
        : answer;
    const { node } = await rig({ answer: lie });
    expect((await pay(node)).state).toEqual({ status: 'in-flight' });
  });

  it('refuses an answer about another payment', async () => {
    const lie = (method: string, answer: JsonObject): JsonObject =>
      method === 'lookup_invoice'
        ? {
            ...answer,
            error: null,
            result: { type: 'outgoing', payment_hash: 'ab'.repeat(32), state: 'failed' },
          }
        : answer;
    const { node } = await rig({ answer: lie });
    await expect(node.trackPayment('cd'.repeat(32))).rejects.toMatchObject({ code: 'node_misbehaved' });
  });

  it.each([
    ['PAYMENT_FAILED', 'failed'],
    ['INSUFFICIENT_BALANCE', 'failed'],
    ['INTERNAL', 'in-flight'],
    ['OTHER', 'in-flight'],
    ['A_NEW_CODE', 'in-flight'],
  ])('takes the error %s of a payment that the wallet knows nothing of for %s', async (code, status) => {
    const refuse = (method: string, answer: JsonObject): JsonObject =>
      method === 'pay_invoice' ? { ...answer, result: null, error: { code, message: 'no' } } : answer;
    // The budget lets nothing through, so nothing is recorded.
    const { node } = await rig({ answer: refuse, budgetMsat: 0n });
    expect((await pay(node)).state.status).toBe(status);
  });

  it('says that nothing was paid when the budget of the connection is used up, and where to raise it', async () => {
    const { node } = await rig({ budgetMsat: 1_500n });
    succeeded((await pay(node)).state);
    const { state, paymentHash } = await pay(node);
    expect(state).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('raise it in the wallet'),
    });
    expect(await backing.honest.merchant.lookupInvoice(paymentHash)).toEqual({ status: 'open' });
  });

  it('is not led to weaker encryption by a relay', async () => {
    const forger = generateSecretKey();
    const weak = { kind: 13194, created_at: 2_000_000_000, tags: [], content: methods.join(' ') };
    const forged = finalizeEvent(weak, forger);
    const { node, relay } = await rig({
      relay: {
        // Another's, another's in the wallet's name, and the wallet's own with the tag taken out.
        stored: (events) =>
          events.flatMap((event) => [
            forged,
            { ...forged, pubkey: event.pubkey },
            { ...event, created_at: event.created_at + 1, tags: [] },
            event,
          ]),
      },
    });
    await node.balance();
    expect(relay.taken(23194).length).toBeGreaterThan(0);
    for (const request of relay.taken(23194)) {
      expect(request.tags).toContainEqual(['encryption', 'nip44_v2']);
    }
  });

  it('asks at the next relay when the first is gone', async () => {
    const { node } = await rig({ alone: false });
    succeeded((await pay(node)).state);
  });

  it('shows no secret when the wallet repeats one', async () => {
    const { node, secret } = await rig({
      answer: (method, answer) => {
        const error = { code: 'OTHER', message: `${said} is not welcome, nor is ${'5e'.repeat(32)}` };
        return method === 'get_balance' ? { ...answer, result: null, error } : answer;
      },
    });
    const said = secret;
    const failure: unknown = await node.balance().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'node_refused' });
    expect(shown(failure)).not.toContain(secret);
    expect(shown(failure)).not.toContain('5e5e5e5e');
  });

  it('opens while its relay is away, and works once it is there', async () => {
    const secretKey = generateSecretKey();
    const spare = await startRelay();
    await spare.close();
    const secret = Buffer.from(secretKey).toString('hex');
    const url = encodeURIComponent(`ws://127.0.0.1:${spare.port}`);
    const connection = `nostr+walletconnect://${getPublicKey(generateSecretKey())}?relay=${url}&secret=${secret}`;
    const node = await openNwc({ connection, answerMs: 1_000 });
    closing.push(() => node.close());
    await expect(node.info()).rejects.toMatchObject({ code: 'node_unreachable' });
    expect(node.capabilities).toMatchObject({ feeCap: false, track: true });
  });

  it('says so when the relay knows nothing of the wallet', async () => {
    const relay = await startRelay();
    const url = encodeURIComponent(`ws://127.0.0.1:${relay.port}`);
    const wallet = getPublicKey(generateSecretKey());
    const secret = Buffer.from(generateSecretKey()).toString('hex');
    const node = await openNwc({
      connection: `nostr+walletconnect://${wallet}?relay=${url}&secret=${secret}`,
    });
    closing.push(
      () => relay.close(),
      () => node.close(),
    );
    await expect(node.balance()).rejects.toMatchObject({
      code: 'node_unreachable',
      message: expect.stringContaining('nothing of this wallet'),
    });
  });
});
