import { startTempoDevnet, type TempoDevnet } from '@farebox/devnet/tempo';
import { type JsonObject, MethodUnavailable } from '@farebox/protocol';
import { keccak256 } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Hex } from '../chain/hex.js';
import { fateOf, type LossyProxy, startLossyProxy } from '../testing/lossy-proxy.js';
import { minedMs } from '../testing/mined.js';
import {
  codeOf,
  freshAddress,
  openShop,
  type Payer,
  pathUsd,
  type Shop,
  type Sold,
  sign,
} from '../testing/shop.js';
import { field, forge, reseal } from '../testing/tamper.js';
import type { TempoSellerOptions } from './seller.js';

// The gate judges a credential that comes after its challenge's end as of the last millisecond of it.

const price = 10_000n;
const sending = 'eth_sendRawTransactionSync';
let devnet: TempoDevnet;
let proxy: LossyProxy;
let shop: Shop;
beforeAll(async () => {
  devnet = await startTempoDevnet();
  proxy = await startLossyProxy(devnet.url);
  shop = await openShop({ devnet, rpcUrl: proxy.url });
});
afterAll(async () => {
  shop.rpc.close();
  await proxy.close();
  await devnet.close();
});

const lastMs = (sold: { challenge: { expires?: string } }) => Date.parse(sold.challenge.expires ?? '') - 1;
const chainNow = () => devnet.blockTime();

test('what comes late is not sent any more, whatever its validity', async () => {
  const payer = await shop.payer();
  for (const changes of [{ nonceKey: 0n, nonce: 0 }, {}]) {
    const sold = await shop.sell(price, { lifeMs: 20_000 });
    const validBefore = Math.floor((lastMs(sold) + 1) / 1_000);
    const signed = await sign(payer, sold, { ...changes, validBefore });
    shop.rpc.methods.length = 0;
    // Not known, since the chain's clock has not passed the end yet; but never sent.
    await expect(shop.present(sold, signed, lastMs(sold))).rejects.toThrow(MethodUnavailable);
    expect(shop.rpc.methods).not.toContain(sending);
  }
  expect(await shop.balance(shop.merchant)).toBe(0n);
});

test('what was mined in time is settled also when it is presented late', async () => {
  const payer = await shop.payer();
  const sold = await shop.sell(price);
  const signed = await sign(payer, sold);
  const first = await shop.present(sold, signed);
  expect(codeOf(first)).toBe('ok');
  const forgetful = await openShop({ devnet });
  expect(await forgetful.present(sold, signed, lastMs(sold))).toEqual(first);
});

test('a transaction without an end is taken, and refused for good once the challenge is over', async () => {
  const payer = await shop.payer();
  const sold = await shop.sell(price);
  const unsent = await openEnded(payer, sold);
  shop.rpc.methods.length = 0;
  expect(codeOf(await shop.present(sold, unsent, lastMs(sold)))).toBe('not-mined');
  expect(shop.rpc.methods).not.toContain(sending);
  const fresh = await shop.sell(price);
  expect(codeOf(await shop.present(fresh, await openEnded(payer, fresh)))).toBe('ok');
});

/** Seconds. The seller's clock is given, and the chain's must not pass the same end, however slow this machine is. */
const aMinute = 60;

interface Hand {
  readonly name: string;
  readonly code: string;
  sign(sold: Sold, validBefore: number): Promise<Hex>;
}

const hands: readonly Hand[] = [
  {
    name: 'a signature of nobody',
    code: 'insufficient-funds',
    sign: async (sold, validBefore) =>
      reseal(await sign(await shop.payer(), sold, { validBefore }), () => `${'3'.repeat(128)}1b`),
  },
  {
    name: 'a stranger’s key that claims the account of somebody rich',
    code: 'key-not-registered',
    sign: async (sold, validBefore) => {
      const rich = await shop.payer();
      const signed = await sign(await shop.payer(0n), sold, { validBefore });
      return reseal(signed, (signature) => `04${rich.account.address.slice(2)}${signature}`);
    },
  },
];

test.each(hands)(
  'the last seconds of a validity, $name: refused after five looks, for ten calls',
  async (hand) => {
    const patient = await openShop({ devnet, patience: { lookAgainMs: 10 } });
    for (const left of [1, 0, -1]) {
      const sold = await patient.sell(price);
      const validBefore = (await chainNow()) + aMinute;
      const signed = await hand.sign(sold, validBefore);
      patient.rpc.methods.length = 0;
      const nowMs = (validBefore - left) * 1_000;
      expect(codeOf(await patient.present(sold, signed, nowMs))).toBe(hand.code);
      expect(patient.rpc.methods).not.toContain(sending);
      expect(patient.rpc.methods).toHaveLength(10);
    }
    patient.rpc.close();
  },
);

test('the last second of a validity, of who could pay: not known yet, for two calls', async () => {
  const patient = await openShop({ devnet, patience: {} });
  const sold = await patient.sell(price);
  const validBefore = (await chainNow()) + aMinute;
  const signed = await sign(await shop.payer(), sold, { validBefore });
  patient.rpc.methods.length = 0;
  await expect(patient.present(sold, signed, validBefore * 1_000 - 1)).rejects.toThrow(MethodUnavailable);
  expect(patient.rpc.methods).toEqual(['eth_call', 'eth_getTransactionReceipt']);
  patient.rpc.close();
});

/** The same transaction at a second gateway, which knows nothing of the first. */
const lags = [
  { name: 'its nonce is used', late: false },
  { name: 'its payer has no money left, and it comes late', late: true },
];

test.each(lags)('sent by another gateway, no receipt yet, $name: settled', async ({ late }) => {
  const most = 100_000n;
  const payer = await shop.payer(most + 40_000n);
  const sold = await shop.sell(most);
  const validBefore = (await chainNow()) + aMinute;
  const signed = await sign(payer, sold, { nonceKey: 0n, nonce: 0, validBefore });
  expect(codeOf(await shop.present(sold, signed))).toBe('ok');

  const own = await startLossyProxy(devnet.url);
  const tokens = { [pathUsd]: { recipient: shop.merchant } };
  const other = await openShop({ devnet, rpcUrl: own.url, patience: {}, tokens });
  try {
    const lagging = fateOf('eth_getTransactionReceipt', 'no-result', 3);
    own.decide = (method) => (method === sending ? 'nonce-too-low' : lagging(method));
    const nowMs = late ? validBefore * 1_000 - 1 : Date.now();
    expect(codeOf(await other.present(sold, signed, nowMs))).toBe('ok');
    const looks = ['eth_call', 'eth_getTransactionReceipt'];
    expect(other.rpc.methods).toEqual([...(late ? [] : [sending]), ...looks, ...looks, ...looks, ...looks]);
  } finally {
    other.rpc.close();
    await own.close();
  }
});

/** As clients sign that count nonces and set no end. */
async function openEnded(payer: Payer, sold: Sold, nonce = 0) {
  const counting = await sign(payer, sold, { nonceKey: 0n, nonce });
  return forge(payer, counting, (fields) => fields.with(field.validBefore, '0x'));
}

test('never mined while it was valid: refused for good, and another transaction for the challenge is taken', async () => {
  const payer = await shop.payer();
  const sold = await shop.sell(price);
  const before = await shop.balance(shop.merchant);
  const first = await sign(payer, sold);
  proxy.decide = (method) => (method === sending ? 'lose-request' : 'pass');
  await expect(shop.present(sold, first)).rejects.toThrow(MethodUnavailable);
  proxy.decide = () => 'pass';

  await devnet.increaseTime(60);
  const nowMs = (await chainNow()) * 1_000;
  expect(codeOf(await shop.present(sold, first, nowMs))).toBe('expired-signature');
  expect(await shop.balance(shop.merchant)).toBe(before);

  const second = await sign(payer, sold, { validBefore: (await chainNow()) + 20 });
  expect(codeOf(await shop.present(sold, second, nowMs))).toBe('ok');
  expect(await shop.balance(shop.merchant)).toBe(before + price);
});

// The gate asks when a payment was made that comes late. Without an end of its own a transaction can be mined at any time.

const days = 24 * 3_600;
/** The node's question that tells a block's time. */
const block = 'eth_getBlockByNumber';

/** Sends it past the seller, as its payer can. */
const mine = (signed: Hex) => minedMs(devnet, signed);

/** When it was paid, by what the seller says itself. */
async function paidMs(at: Shop, sold: Sold, payload: JsonObject): Promise<number | undefined> {
  const verification = await at.verify(sold, payload, { nowMs: lastMs(sold) });
  if (!verification.ok) throw new Error(verification.refusal.detail);
  at.rpc.methods.length = 0;
  return at.seller.settledMs(verification.settlement);
}

/** Another gateway of the same seller, or the same one after a crash. */
const another = (more: Partial<TempoSellerOptions> = {}) =>
  openShop({ devnet, rpcUrl: proxy.url, tokens: { [pathUsd]: { recipient: shop.merchant } }, ...more });

test.each(['pull', 'push'])('of days after the end (%s): the seller says so', async (mode) => {
  const seller = await another({ push: true });
  const payer = await seller.payer();
  const sold = await seller.sell(price);
  const signed = await openEnded(payer, sold);
  await devnet.increaseTime(6 * days);
  const minedMs = await mine(signed);
  await devnet.mine();
  const payload: JsonObject =
    mode === 'pull' ? { type: 'transaction', signature: signed } : { type: 'hash', hash: keccak256(signed) };
  expect(await paidMs(seller, sold, payload)).toBe(minedMs);
  expect(minedMs).toBeGreaterThan(lastMs(sold));
  expect(seller.rpc.methods).toEqual(['eth_getTransactionReceipt', block]);
  seller.rpc.close();
});

test('split among several: as one', async () => {
  const splits = [{ recipient: freshAddress(), basisPoints: 1_000 }];
  const seller = await another({ tokens: { [pathUsd]: { recipient: shop.merchant, splits } } });
  const sold = await seller.sell(price);
  const signed = await openEnded(await seller.payer(), sold);
  const minedMs = await mine(signed);
  await devnet.increaseTime(60);
  expect(await paidMs(seller, sold, { type: 'transaction', signature: signed })).toBe(minedMs);
  seller.rpc.close();
});

test('sent by us in time and mined late: paid when it was presented', async () => {
  const payer = await shop.payer();
  const sold = await shop.sell(price);
  const signed = await openEnded(payer, sold);
  const presentedMs = Date.now();
  // The node has it, answers nobody, and its blocks come late.
  proxy.decide = () => 'lose-request';
  await expect(shop.present(sold, signed, presentedMs)).rejects.toThrow(MethodUnavailable);
  proxy.decide = () => 'pass';
  await devnet.increaseTime(600);
  const minedMs = await mine(signed);
  const payload = { type: 'transaction', signature: signed };
  expect(await paidMs(shop, sold, payload)).toBe(presentedMs);
  // After a crash nobody knows but the chain.
  const restarted = await another();
  expect(await paidMs(restarted, sold, payload)).toBe(minedMs);
  restarted.rpc.close();
});

/** Presented first behind a missing transaction, then when it is next and its payer has left too little: how that goes. */
const holdings: readonly { readonly how: string; readonly again: LossyProxy['decide'] }[] = [
  { how: 'refused', again: () => 'pass' },
  { how: 'refused, and no more heard', again: (method) => (method === sending ? 'pass' : 'lose-request') },
  { how: 'kept waiting', again: (method) => (method === sending ? 'already-known' : 'pass') },
];

test.each(holdings)('held back by its payer, $how: paid when it was mined', async ({ again }) => {
  const payer = await shop.payer(5_000_000n);
  const sold = await shop.sell(price);
  const signed = await openEnded(payer, sold, 1);
  proxy.decide = fateOf(sending, 'lose-request');
  await expect(shop.present(sold, signed)).rejects.toThrow(MethodUnavailable);
  await mine(await openEnded(payer, await shop.sell(4_980_000n)));
  proxy.decide = again;
  await expect(shop.present(sold, signed)).rejects.toThrow(MethodUnavailable);
  proxy.decide = () => 'pass';
  await devnet.increaseTime(6 * days);
  await devnet.fund(payer.account.address, 5_000_000n, pathUsd);
  const minedMs = await mine(signed);
  expect(await paidMs(shop, sold, { type: 'transaction', signature: signed })).toBe(minedMs);
});

test('of a node that does not have the block: not known, and never refused', async () => {
  const sold = await shop.sell(price);
  const signed = await openEnded(await shop.payer(), sold);
  await mine(signed);
  for (const [method, fate] of [
    [block, 'no-result'],
    [block, 'lose-request'],
    ['eth_getTransactionReceipt', 'no-result'],
  ] as const) {
    const verification = await shop.present(sold, signed);
    if (!verification.ok) throw new Error(verification.refusal.detail);
    proxy.decide = (asked) => (asked === method ? fate : 'pass');
    await expect(shop.seller.settledMs(verification.settlement)).rejects.toThrow(MethodUnavailable);
    proxy.decide = () => 'pass';
  }
});

test('a proof pays nothing, at no time', async () => {
  const settlement = { reference: 'a-challenge', paid: { amount: 0n, currency: pathUsd } };
  expect(await shop.seller.settledMs(settlement)).toBeUndefined();
});
