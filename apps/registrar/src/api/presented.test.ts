import { startTempoDevnet, type TempoDevnet } from '@farebox/devnet/tempo';
import { lightningSeller } from '@farebox/lightning';
import { MethodUnavailable, parseCredential, serializeCredential } from '@farebox/protocol';
import { createTempoSeller, httpRpc, type TempoAccount } from '@farebox/tempo';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tidyStore } from '../housekeeping.js';
import { findDomain } from '../store/domains.js';
import { accountSums, balanceOf } from '../store/entries.js';
import { findPurchase } from '../store/purchases.js';
import {
  ask,
  challengeOf,
  fundedAccount,
  newAgent,
  payLightning,
  type Read,
  registerPath,
  signTempo,
} from '../testing/client.js';
import { halfCoupon, namespaceOf, openRig, type Rig } from '../testing/rig.js';

let chain: TempoDevnet;
let rig: Rig;
beforeAll(async () => {
  chain = await startTempoDevnet();
});
afterAll(() => chain.close());
beforeEach(async () => {
  rig = await openRig({ chain });
});
afterEach(async () => {
  await rig.close();
  expect(rig.faults).toEqual([]);
});

const order = { domain: 'myname', namespace: 'agent', years: 1, agreed_to_terms: true };
const unpaidFor = (asked: Read) =>
  serializeCredential({
    challenge: challengeOf(asked, 'lightning'),
    payload: { preimage: '0'.repeat(64) },
  });
const register = (json: object, key: string, Authorization?: string) =>
  ask(rig, registerPath, { json, key, headers: Authorization === undefined ? {} : { Authorization } });

/** Somebody else's node has taken the transaction. */
async function mined(credential: string): Promise<string> {
  const read = parseCredential(credential);
  const rpc = httpRpc({ url: chain.url });
  await rpc.request('eth_sendRawTransactionSync', [read.ok ? read.value.payload.signature : ''], 30_000);
  rpc.close();
  return credential;
}

describe('a credential that proves nothing', () => {
  it('gets no challenge for terms that were not agreed to', async () => {
    await rig.restart({ termsRequired: true });
    const { key } = await newAgent(rig);
    const bogus = unpaidFor(await register(order, key));
    for (const agreed_to_terms of [false, undefined]) {
      const refused = await register({ ...order, agreed_to_terms }, key, bogus);
      expect([refused.status, refused.body.code]).toEqual([400, 'terms-not-agreed']);
      expect(refused.headers.has('www-authenticate')).toBe(false);
    }
  });

  it('gets none for a name that is reserved, or not sold yet', async () => {
    const { key } = await newAgent(rig);
    const bogus = unpaidFor(await register(order, key));
    const reserved = new Map([['myname', 'late']]);
    await rig.restart({ namespaces: [namespaceOf('agent', { reserved })] });
    expect((await register(order, key, bogus)).body).toMatchObject({ code: 'domain-reserved' });
    const phases = [{ name: 'soon', untilMs: undefined, multiplier: 1n, open: false }];
    await rig.restart({ namespaces: [namespaceOf('agent', { phases })] });
    const closed = await register(order, key, bogus);
    expect(closed.body).toMatchObject({ code: 'registration-closed' });
    expect(closed.headers.has('www-authenticate')).toBe(false);
  });

  it('is offered the order at the price that it has for everybody, with its coupon', async () => {
    const { key } = await newAgent(rig);
    const json = { ...order, coupon_code: 'HALF' };
    const bogus = unpaidFor(await register(json, key));
    const again = await register(json, key, bogus);
    expect([again.status, again.body.amount]).toEqual([402, 0.26]);
    await rig.restart({ coupons: [{ ...halfCoupon, untilMs: rig.clock.nowMs }] });
    expect((await register(json, key, bogus)).body).toMatchObject({ code: 'bad-request', reason: 'coupon' });
  });

  it('is not asked to pay for what is paid from the balance', async () => {
    const { key } = await newAgent(rig);
    const bogus = unpaidFor(await register(order, key));
    const refused = await register({ ...order, payment_method: 'gems' }, key, bogus);
    expect([refused.status, refused.headers.has('www-authenticate')]).toEqual([409, false]);
  });
});

describe('a payment that was made in time and comes late', () => {
  const lateMs = 2 * 3_600_000;
  /** Paid in time; its order is forgotten and its name reserved when it is presented. */
  async function late(rail: 'tempo' | 'lightning', json: object = order) {
    const agent = await newAgent(rig);
    const asked = await register(json, agent.key);
    const credential =
      rail === 'lightning'
        ? await payLightning(rig, asked)
        : await mined(await signTempo(chain, await fundedAccount(chain), asked));
    rig.clock.nowMs += lateMs;
    await tidyStore(rig.db, rig.clock.nowMs);
    const { id } = challengeOf(asked, rail);
    expect(await rig.db.read((sql) => findPurchase(sql, id))).toBeUndefined();
    return { ...agent, present: () => register(json, agent.key, credential) };
  }
  it.each(['tempo', 'lightning'] as const)(
    'over %s is a registration, whatever was reserved',
    async (rail) => {
      const { id, present } = await late(rail);
      const reserved = new Map([['myname', 'late']]);
      await rig.restart({ namespaces: [namespaceOf('agent', { reserved })], termsRequired: true });
      const done = await present();
      expect(done.body).toMatchObject({ success: true, owner_id: id });
    },
  );

  it.each(['tempo', 'lightning'] as const)(
    'over %s is balance when the name is somebody else’s: as much as was paid',
    async (rail) => {
      const { id, present } = await late(rail, { ...order, coupon_code: 'HALF' });
      const other = await newAgent(rig);
      const theirs = await register(order, other.key);
      expect((await register(order, other.key, await payLightning(rig, theirs))).status).toBe(200);
      const kept = await present();
      expect(kept.body).toMatchObject({ code: 'kept-as-balance', balance_added: { amount: '0.26' } });
      expect(await rig.db.read((sql) => balanceOf(sql, id))).toBe(260_000n);
      const sums = await rig.db.read(accountSums);
      const usd = sums.filter(({ currency }) => currency === 'usd-micros');
      expect(usd.reduce((total, { amount }) => total + amount, 0n)).toBe(0n);
    },
  );

  it('over Tempo, before its order is forgotten, is balance too', async () => {
    const agent = await newAgent(rig);
    const asked = await register(order, agent.key);
    const credential = await mined(await signTempo(chain, await fundedAccount(chain), asked));
    rig.clock.nowMs += 11 * 60_000;
    const other = await newAgent(rig);
    const theirs = await register(order, other.key);
    expect((await register(order, other.key, await payLightning(rig, theirs))).status).toBe(200);
    expect((await register(order, agent.key, credential)).body).toMatchObject({ code: 'kept-as-balance' });
    expect(await rig.db.read((sql) => balanceOf(sql, agent.id))).toBe(520_000n);
  });
});

it('a payment that has moved while nobody could tell is balance, whatever else was presented for its order', async () => {
  const rpc = httpRpc({ url: chain.url });
  const tokens = { [chain.tokens.pathUsd]: { recipient: rig.recipient } };
  const tempo = createTempoSeller({ rpc, chainId: chain.chainId, tokens });
  const replies = { lost: true };
  await rig.restart({
    methods: [
      {
        ...tempo,
        verify: async (...given) => {
          const verdict = await tempo.verify(...given);
          if (verdict.ok && replies.lost) throw new MethodUnavailable('The reply was lost.');
          return verdict;
        },
      },
      lightningSeller({ node: rig.node, network: 'regtest' }),
    ],
  });
  const agent = await newAgent(rig);
  const asked = await register(order, agent.key);
  const credential = await signTempo(chain, await fundedAccount(chain), asked);
  expect((await register(order, agent.key, credential)).status).toBe(503);
  expect(await chain.balance(rig.recipient)).toBe(520_000n);
  const bogus = serializeCredential({
    challenge: challengeOf(asked, 'tempo'),
    payload: { type: 'transaction', signature: '0x76' },
  });
  expect((await register(order, agent.key, bogus)).status).toBe(402);
  replies.lost = false;
  const reset = '/api/v1/domains/myname.agent/reset-lock';
  expect((await ask(rig, reset, { method: 'POST', key: agent.key })).status).toBe(200);
  const other = await newAgent(rig);
  const theirs = await register(order, other.key);
  expect((await register(order, other.key, await payLightning(rig, theirs))).status).toBe(200);
  expect((await register(order, agent.key, credential)).body).toMatchObject({ code: 'kept-as-balance' });
  expect(await rig.db.read((sql) => balanceOf(sql, agent.id))).toBe(520_000n);
  rpc.close();
});

// Puts the chain's clock forward, so it comes last.
it('a payment that was made after the end buys nothing, and its payer is told where the money is', async () => {
  const agent = await newAgent(rig);
  const asked = await register(order, agent.key);
  const account = await fundedAccount(chain);
  const counted = { nonceKey: 0n, nonce: 0, validBefore: undefined };
  // As clients sign that count nonces and set no end: an option on the price, for as long as a late payment was honoured.
  const endless: TempoAccount = {
    address: account.address,
    keyType: account.keyType,
    signTransaction: (payment) =>
      account.signTransaction(Object.assign({}, payment, counted, { gas: payment.gas + 1_000_000n })),
    signTypedData: (data) => account.signTypedData(data),
  };
  const credential = await signTempo(chain, endless, asked);
  const before = await chain.balance(rig.recipient);
  const late = 6 * 24 * 3_600;
  await chain.increaseTime(late);
  rig.clock.nowMs += (late + 60) * 1_000;
  await mined(credential);
  expect(await chain.balance(rig.recipient)).toBe(before + 520_000n);

  const withSeller = expect.stringContaining('money is with the seller: ask the seller');
  const present = () => register(order, agent.key, credential);
  const refused = await present();
  expect([refused.status, refused.body]).toMatchObject([402, { code: 'paid-late', detail: withSeller }]);
  await rig.restart({ namespaces: [namespaceOf('agent', { reserved: new Map([['myname', 'late']]) })] });
  expect((await present()).body).toMatchObject({ code: 'domain-reserved', detail: withSeller });
  await rig.restart();
  expect((await present()).body).toMatchObject({ code: 'paid-late' });
  expect(await rig.db.read((sql) => balanceOf(sql, agent.id))).toBe(0n);
  expect(await rig.db.read((sql) => findDomain(sql, 'myname.agent', rig.clock.nowMs))).toBeUndefined();
});
