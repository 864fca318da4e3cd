import { startTempoDevnet, type TempoDevnet } from '@farebox/devnet/tempo';
import { MethodUnavailable } from '@farebox/protocol';
import { keccak256 } from 'viem';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Fate, fateOf, type LossyProxy, startLossyProxy } from '../testing/lossy-proxy.js';
import { codeOf, openShop, type Payer, pathUsd, type Shop, type Sold, sign } from '../testing/shop.js';

// Whatever happens between the seller and its node: the payer is debited at most once, and the credential settles or
// stays presentable.

const price = 10_000n;
const sending = 'eth_sendRawTransactionSync';
/** Nothing here is refused for being slow, but for the broadcast whose reply is held back. */
const patient = { broadcastTimeoutMs: 60_000, readTimeoutMs: 60_000 };
/** In it the node has carried a transaction out, on a slow machine too. */
const heldBackMs = 3_000;
let devnet: TempoDevnet;
let proxy: LossyProxy;
let shop: Shop;
let payer: Payer;
let earnedBefore: bigint;

beforeAll(async () => {
  devnet = await startTempoDevnet();
  proxy = await startLossyProxy(devnet.url);
  shop = await openShop({
    devnet,
    rpcUrl: proxy.url,
    timeouts: patient,
  });
  payer = await shop.payer();
});
afterAll(async () => {
  shop.rpc.close();
  await proxy.close();
  await devnet.close();
});
beforeEach(async () => {
  earnedBefore = await shop.balance(shop.merchant);
});
afterEach(() => {
  proxy.decide = () => 'pass';
  proxy.target = devnet.url;
});

const earned = async () => (await shop.balance(shop.merchant)) - earnedBefore;
/** A seller that has forgotten everything, on a line without trouble. */
const restarted = () => openShop({ devnet, tokens: { [pathUsd]: { recipient: shop.merchant } } });

async function expectSettled(sold: Sold, signed: `0x${string}`, at: Shop = shop): Promise<void> {
  const verification = await at.present(sold, signed);
  expect(verification).toMatchObject({ ok: true, settlement: { reference: keccak256(signed) } });
  expect(await (await restarted()).present(sold, signed)).toEqual(verification);
  expect(await earned()).toBe(price);
}

test('the reply is lost after the broadcast: the chain is asked, and it settles at once', async () => {
  const sold = await shop.sell(price);
  const signed = await sign(payer, sold);
  proxy.decide = fateOf(sending, 'lose-reply');
  await expectSettled(sold, signed);
});

test.each<Fate>(['hold-reply', 'garbage', 'http-502', 'other-answer', 'flood'])(
  'the reply to the broadcast is of no use (%s): the chain is asked, and it settles at once',
  async (fate) => {
    const sold = await shop.sell(price);
    const signed = await sign(payer, sold);
    proxy.decide = fateOf(sending, fate);
    const timeouts = { ...patient, broadcastTimeoutMs: heldBackMs };
    const tokens = { [pathUsd]: { recipient: shop.merchant } };
    // It looks for as long as a slow machine may take, and no longer than it must.
    const patience = { lookAgainMs: 250, looksMax: 8 };
    const hasty = await openShop({ devnet, rpcUrl: proxy.url, tokens, timeouts, patience });
    await expectSettled(sold, signed, fate === 'hold-reply' ? hasty : shop);
    hasty.rpc.close();
  },
);

test('the reply is lost and then nothing answers: not known, and the same credential settles later', async () => {
  const sold = await shop.sell(price);
  const signed = await sign(payer, sold);
  let sent = false;
  proxy.decide = (method) => {
    if (sent) return 'lose-request';
    sent = method === sending;
    return sent ? 'lose-reply' : 'pass';
  };
  await expect(shop.present(sold, signed)).rejects.toThrow(MethodUnavailable);
  await expect(shop.present(sold, signed)).rejects.toThrow(
    /present the same credential again, do not pay again/,
  );
  expect(await earned()).toBe(price);
  proxy.decide = () => 'pass';
  await expectSettled(sold, signed);
});

test('the broadcast never arrives: not known, and the same credential is sent again', async () => {
  const sold = await shop.sell(price);
  const signed = await sign(payer, sold);
  proxy.decide = (method) => (method === sending ? 'lose-request' : 'pass');
  await expect(shop.present(sold, signed)).rejects.toThrow(MethodUnavailable);
  expect(await earned()).toBe(0n);
  proxy.decide = () => 'pass';
  await expectSettled(sold, signed);
});

test('a payment on its way shuts out a second one for the same challenge, which stays unsent', async () => {
  const sold = await shop.sell(price);
  const first = await sign(payer, sold);
  proxy.decide = (method) => (method === sending ? 'lose-reply' : 'lose-request');
  await expect(shop.present(sold, first)).rejects.toThrow(MethodUnavailable);
  proxy.decide = () => 'pass';
  const second = await sign(payer, sold, { validBefore: Math.floor(Date.now() / 1_000) + 21 });
  expect(codeOf(await shop.present(sold, second))).toBe('challenge-in-flight');
  await expectSettled(sold, first);
});

test('a refusal whose reply is lost is a refusal when it is heard', async () => {
  const sold = await shop.sell(price);
  const signed = await sign(await shop.payer(0n), sold);
  proxy.decide = fateOf(sending, 'lose-reply');
  await expect(shop.present(sold, signed)).rejects.toThrow(MethodUnavailable);
  expect(codeOf(await (await restarted()).present(sold, signed))).toBe('insufficient-funds');
  expect(await earned()).toBe(0n);
});

test('the node goes down and comes back: the credential stays good', async () => {
  const sold = await shop.sell(price);
  // With a nonce that counts it is valid for longer than a restart may take.
  const validBefore = Math.floor(Date.now() / 1_000) + 120;
  const signed = await sign(await shop.payer(), sold, { nonceKey: 0n, nonce: 0, validBefore });
  await devnet.stop();
  await expect(shop.present(sold, signed)).rejects.toThrow(MethodUnavailable);
  await devnet.restart();
  await expectSettled(sold, signed);
});

test('the node restarts right after the broadcast, and nobody heard: the credential settles', async () => {
  const sold = await shop.sell(price);
  const signed = await sign(payer, sold);
  proxy.decide = (method) => (method === sending ? 'lose-reply' : 'lose-request');
  await expect(shop.present(sold, signed)).rejects.toThrow(MethodUnavailable);
  await devnet.stop();
  await devnet.restart();
  proxy.decide = () => 'pass';
  await expectSettled(sold, signed);
});

test('a node of another chain: its refusals and its silence mean nothing', async () => {
  const other = await startTempoDevnet({ chainId: 1337 });
  try {
    const sold = await shop.sell(price);
    const signed = await sign(payer, sold);
    // Paid on the right chain, and the reply lost.
    proxy.decide = (method) => (method === sending ? 'lose-reply' : 'lose-request');
    await expect(shop.present(sold, signed)).rejects.toThrow(MethodUnavailable);
    proxy.decide = () => 'pass';
    proxy.target = other.url;
    await other.increaseTime(3_600); // Far past every validity.
    await expect(shop.present(sold, signed)).rejects.toThrow(/belongs to chain 1337, not 4217/);
    const ignorant = await openShop({ devnet, rpcUrl: proxy.url });
    await expect(ignorant.sell(price)).rejects.toThrow(/belongs to chain 1337, not 4217/);
    await expect(ignorant.present(sold, signed)).rejects.toThrow(MethodUnavailable);
    proxy.target = devnet.url;
    await expectSettled(sold, signed);
  } finally {
    await other.close();
  }
});

test('a push is not settled by a transaction of another chain', async () => {
  const other = await startTempoDevnet({ chainId: 1337 });
  try {
    const pushing = await openShop({ devnet, rpcUrl: proxy.url, push: true });
    const sold = await pushing.sell(price);
    await other.fund(payer.account.address, 1_000_000n);
    const elsewhere = await sign(payer, sold, { chainId: 1337 });
    await other.rpc(sending, [elsewhere]);
    proxy.target = other.url;
    await expect(pushing.verify(sold, { type: 'hash', hash: keccak256(elsewhere) })).rejects.toThrow(
      /belongs to chain 1337/,
    );
  } finally {
    await other.close();
  }
});

test('no error shows where the node is: its address may hold a key', async () => {
  const secret = await openShop({ devnet, rpcUrl: `${proxy.url}/v1/s3cret?key=s3cret` });
  const sold = await secret.sell(price);
  const signed = await sign(payer, sold);
  proxy.decide = () => 'lose-request';
  const error = await secret.present(sold, signed).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(MethodUnavailable);
  const shown = error instanceof Error ? `${error.message}${error.stack}${String(error.cause)}` : '';
  expect(shown).not.toMatch(/s3cret/);
  expect(shown).not.toContain(signed.slice(10, 60));
});
