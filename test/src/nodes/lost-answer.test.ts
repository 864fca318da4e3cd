import { lightningBuyer, lightningSeller, writeChargeRequest } from '@farebox/lightning';
import { type Challenge, encodeRequest, type Offer, type PayLimits } from '@farebox/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type LndNode, openLnd } from './adapters.js';
import { type Backing, type Lie, routerFeeMsat, startBacking } from './backing.js';
import { selfSigned } from './certificate.js';
import type { Facade } from './facade.js';
import { serveLndFacade } from './lnd-facade.js';
import { bakeMacaroon, invoiceMacaroonOperations, payMacaroonOperations } from './lnd-macaroon.js';
import { anInvoice, balanceAtRest, balanceIs, hashOf, newSecret, shown, until } from './steps.js';
import { layWire, type Wire, type WireMode } from './wire.js';

// The lightning method above the adapter: what the gate and the wallet are told when the node fails.

const selling = bakeMacaroon(invoiceMacaroonOperations);
const paying = bakeMacaroon(payMacaroonOperations);
/** Less than a seller waits for an invoice, so that the node's own word on its silence is heard. */
const silenceMs = 2_500;

let backing: Backing;
let facade: Facade;
let wire: Wire;
let seller: LndNode;
let wallet: LndNode;
const opened: LndNode[] = [];
const certificate = selfSigned();

function open(macaroon: Uint8Array, cert = certificate.cert, answerMs = 20_000): LndNode {
  const url = `https://127.0.0.1:${wire.port}`;
  const node = openLnd({ url, tls: { certificates: cert }, macaroon, network: 'regtest', answerMs });
  opened.push(node);
  return node;
}

beforeAll(async () => {
  backing = await startBacking();
  const macaroons = new Map([
    [selling.toString('hex'), invoiceMacaroonOperations],
    [paying.toString('hex'), payMacaroonOperations],
  ]);
  facade = await serveLndFacade({ backing, certificate, macaroons });
  wire = await layWire(facade);
  seller = open(selling);
  wallet = open(paying);
});
afterEach(async () => {
  backing.lie(undefined);
  await wire.set('open');
});
afterAll(async () => {
  for (const node of opened) await node.close();
  await wire.close();
  await facade.close();
  await backing.close();
});

const offer: Offer = { method: 'lightning', intent: 'charge', price: { amount: 1n, currency: 'sat' } };
const limits = (): PayLimits => ({
  maxAmount: { amount: 1n, currency: 'sat' },
  maxFee: { amount: routerFeeMsat, currency: 'msat' },
  deadlineMs: Date.now() + 30_000,
});

function challengeOf(request: Parameters<typeof encodeRequest>[0]): Challenge {
  return {
    id: 'kM9xPqWvT2nJrHsY4aDfEb',
    realm: 'api.example.com',
    method: 'lightning',
    intent: 'charge',
    request: encodeRequest(request),
    expires: new Date(Date.now() + 300_000).toISOString(),
  };
}

/** A challenge whose payment waits at the payee until it is settled. */
async function heldChallenge() {
  const { preimage, paymentHash } = newSecret();
  const { invoice } = await backing.honest.merchant.holdInvoice({ ...anInvoice(), paymentHash });
  const challenge = challengeOf(
    writeChargeRequest({ amountSat: 1n, invoice, paymentHash, network: 'regtest' }),
  );
  return { preimage, paymentHash, challenge };
}

describe('a payment over lnd (facade) whose answer is lost after it settled', () => {
  it.each([
    ['by the same wallet', false],
    ['by a wallet that was started again', true],
  ])('is found by tracking and delivers, %s; it is never paid again', async (_, restarted) => {
    const before = await balanceAtRest(wallet);
    const { preimage, paymentHash, challenge } = await heldChallenge();
    const first = lightningBuyer({ node: wallet, network: 'regtest' });
    const outcome = first.pay(challenge, limits());
    await until(
      () => backing.honest.merchant.lookupInvoice(paymentHash),
      (state) => state?.status === 'held',
    );
    // From here on no answer comes through, and then the connection is gone.
    await wire.set('silent');
    await backing.honest.merchant.settleHold(preimage);
    await wire.set('down');
    expect(await outcome).toMatchObject({ kind: 'unknown' });
    expect(await first.resume(challenge)).toMatchObject({ kind: 'unknown' });
    await wire.set('open');

    const buyer = restarted ? lightningBuyer({ node: open(paying), network: 'regtest' }) : first;
    const found = await until(
      () => buyer.resume(challenge),
      ({ kind }) => kind === 'paid',
    );
    expect(found).toMatchObject({
      kind: 'paid',
      payload: { preimage },
      paid: { amount: 1n, currency: 'sat' },
    });
    expect(hashOf(preimage)).toBe(paymentHash);
    expect(await buyer.pay(challenge, limits())).toMatchObject({ kind: 'not-paid', code: 'already_paid' });
    await balanceIs(wallet, before.spendableMsat - 1_000n - routerFeeMsat);
  });
});

describe('selling over lnd (facade) while the node has a fault', () => {
  const context = () => ({ nowMs: Date.now(), challengeLifeMs: 60_000 });
  const quote = (node: LndNode) => lightningSeller({ node, network: 'regtest' }).quote(offer, context());

  async function refusedThenRecovers(node: LndNode, words: RegExp, mend: () => Promise<unknown> | unknown) {
    const failure: unknown = await Promise.resolve(quote(node)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'MethodUnavailable' });
    expect(shown(failure)).toMatch(words);
    for (const secret of [selling, paying]) expect(shown(failure)).not.toContain(secret.toString('hex'));
    await mend();
    expect(await quote(seller)).toMatchObject({ request: { amount: '1', currency: 'sat' } });
  }

  it.each<[WireMode, RegExp]>([
    ['down', /node_unreachable: LND at https:\/\/127\.0\.0\.1:\d+ does not answer \(ECONNREFUSED\)/],
    ['silent', /node_unreachable: LND at .* gave no whole answer: it took longer than/],
  ])('that it is %s: says so, and recovers by itself', async (mode, words) => {
    const node = open(selling, certificate.cert, silenceMs);
    await quote(seller);
    await wire.set(mode);
    await refusedThenRecovers(node, words, () => wire.set('open'));
  });

  it.each<[Lie, RegExp]>([
    ['amount', /invoice for 2000 msat, not 1000 msat/],
    ['network', /invoice for mainnet, not regtest/],
    ['hash', /another payment hash/],
    ['disk-full', /LND refused .*no space left on device/],
  ])('in its invoices (%s): none is handed out, and it recovers by itself', async (lie, words) => {
    backing.lie(lie);
    await refusedThenRecovers(seller, words, () => backing.lie(undefined));
  });

  it('in the certificate', () =>
    refusedThenRecovers(open(selling, selfSigned().cert), /certificate that is not trusted/, () => {}));

  it('in the macaroon', () =>
    refusedThenRecovers(
      open(bakeMacaroon(invoiceMacaroonOperations)),
      /does not accept the macaroon/,
      () => {},
    ));

  it('in the macaroon’s rights', () =>
    refusedThenRecovers(open(paying), /node_unauthorized: .*permission denied/, () => {}));
});
