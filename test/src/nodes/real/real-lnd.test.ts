import { lightningBuyer, lightningSeller } from '@farebox/lightning';
import { type Challenge, encodeRequest, type PayLimits, type VerifiedChallenge } from '@farebox/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examinePayer, examineSeller } from '../adapters.js';
import { nodeConformance } from '../conformance.js';
import { type RealLndWorld, realLndWorld } from './world.js';

const binary = process.env.FAREBOX_LND ?? '';

describe.skipIf(binary !== '')('lnd (real)', () => {
  it.skip('set FAREBOX_LND to an lnd binary, see docs/testing.md', () => {});
});

if (binary !== '') {
  nodeConformance('lnd (real)', () => realLndWorld(binary));
  describe('lnd (real) under the lightning method', () => methodToMethod(binary));
}

function methodToMethod(lnd: string): void {
  let world: RealLndWorld;
  beforeAll(async () => {
    world = await realLndWorld(lnd);
  });
  afterAll(() => world.dispose());

  const limits = (maxFeeMsat: bigint): PayLimits => ({
    maxAmount: { amount: 21n, currency: 'sat' },
    maxFee: { amount: maxFeeMsat, currency: 'msat' },
    deadlineMs: Date.now() + 20_000,
  });

  async function quoteFrom(node: Parameters<typeof lightningSeller>[0]['node']) {
    const method = lightningSeller({ node, network: 'regtest' });
    const offer = { method: 'lightning', intent: 'charge', price: { amount: 21n, currency: 'sat' } } as const;
    const { request, expiresMs } = await method.quote(offer, { nowMs: Date.now(), challengeLifeMs: 60_000 });
    const challenge: Challenge = {
      id: 'kM9xPqWvT2nJrHsY4aDfEb',
      realm: 'api.example.com',
      method: 'lightning',
      intent: 'charge',
      request: encodeRequest(request),
      expires: new Date(expiresMs).toISOString(),
    };
    const verified: VerifiedChallenge = { ...challenge, requestObject: request };
    const verify = (payload: Parameters<typeof method.verify>[1]) =>
      method.verify(verified, payload, { nowMs: Date.now() });
    return { challenge, verify };
  }

  it('sells with an invoice of LND, paid by a wallet on the devnet', async () => {
    if (world.seller === undefined) throw new Error('LND sells.');
    const { challenge, verify } = await quoteFrom(world.seller);
    const buyer = lightningBuyer({ node: world.payer, network: 'regtest' });
    const paid = await buyer.pay(challenge, limits(0n));
    expect(paid).toMatchObject({ kind: 'paid', paid: { amount: 21n, currency: 'sat' }, fee: { amount: 0n } });
    if (paid.kind === 'paid') expect(await verify(paid.payload)).toMatchObject({ ok: true });
    expect(await buyer.pay(challenge, limits(0n))).toMatchObject({ kind: 'not-paid', code: 'already_paid' });
  });

  it('buys with LND at a seller on the devnet: the fee cap is kept to the millisatoshi', async () => {
    if (world.wallet === undefined) throw new Error('LND pays.');
    const seller = {
      ...world.payee,
      capabilities: world.wallet.capabilities,
      info: world.payer.info,
      cancelInvoice: world.payee.cancelHold,
      close: async () => {},
    };
    const { challenge, verify } = await quoteFrom(seller);
    const buyer = lightningBuyer({ node: world.wallet, network: 'regtest' });
    const refused = await buyer.pay(challenge, limits(world.routeFeeMsat - 1n));
    expect(refused).toMatchObject({ kind: 'not-paid', code: 'payment_failed' });
    const paid = await buyer.pay(challenge, limits(world.routeFeeMsat));
    expect(paid).toMatchObject({ kind: 'paid', fee: { amount: world.routeFeeMsat, currency: 'msat' } });
    if (paid.kind === 'paid') expect(await verify(paid.payload)).toMatchObject({ ok: true });
  });

  it('is examined with its own macaroons, and each is judged rightly', async () => {
    const [invoice, admin, readonly] = [
      await world.openOwn('invoice'),
      await world.openOwn('admin'),
      await world.openOwn('readonly'),
    ];
    try {
      const selling = await examineSeller(invoice, { network: 'regtest', payer: world.payer });
      expect(selling.findings.filter(({ level }) => level !== 'ok')).toMatchObject([
        { check: 'rights', level: 'warning' },
      ]);
      expect(selling.findings.at(-1)).toMatchObject({ check: 'round-trip', level: 'ok' });
      const tooWide = await examineSeller(admin, { network: 'regtest' });
      expect(tooWide.usable).toBe(true);
      expect(tooWide.findings.filter(({ level }) => level === 'warning').length).toBeGreaterThan(2);
      const poor = await examineSeller(readonly, { network: 'regtest' });
      expect(poor.usable).toBe(false);
      expect((await examinePayer(readonly, { network: 'regtest' })).usable).toBe(false);
      if (world.wallet === undefined) throw new Error('LND pays.');
      const paying = await examinePayer(world.wallet, { network: 'regtest' });
      expect(paying.findings.filter(({ level }) => level !== 'ok')).toEqual([]);
    } finally {
      for (const node of [invoice, admin, readonly]) await node.close();
    }
  });
}
