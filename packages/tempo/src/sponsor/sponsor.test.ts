import { MethodUnavailable } from '@farebox/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { httpRpc } from '../chain/http-rpc.js';
import { type TempoRpc, TempoRpcError } from '../chain/rpc.js';
import { household } from '../testing/household.js';
import { codeOf, type Shop, sign } from '../testing/shop.js';
import { asDraft, openSponsoring, type Sponsoring } from '../testing/sponsoring.js';
import { createSponsorBudget, type SponsorBudget } from './budget.js';
import { feePayerFromKey } from './fee-payer.js';
import { sponsoredFeeMax } from './sponsor.js';

const price = 10_000n;
let sponsoring: Sponsoring;
let shop: Shop;

beforeAll(async () => {
  sponsoring = await openSponsoring();
  shop = sponsoring.shop;
});
afterAll(() => sponsoring.close());

test.each(['as viem writes it (0x78)', 'as the draft writes it (0x76)'])(
  'the payer pays exactly the price and the sponsor the fee, %s',
  async (form) => {
    const payer = await shop.payer(price);
    const sold = await shop.sell(price);
    expect(sold.challenge.requestObject.methodDetails).toEqual({
      chainId: 4217,
      feePayer: true,
      supportedModes: ['pull'],
    });
    const signed = await sign(payer, sold);
    expect(signed.slice(0, 4)).toBe('0x78');
    const before = await sponsoring.purse();
    const presented = form.includes('0x76') ? asDraft(signed) : signed;
    const verification = await shop.present(sold, presented);
    expect(codeOf(verification)).toBe('ok');
    expect(await shop.balance(payer.account.address)).toBe(0n);
    const fee = before - (await sponsoring.purse());
    expect(fee).toBeGreaterThan(0n);
    expect(fee).toBeLessThanOrEqual(sponsoredFeeMax);

    // The other form, and a seller that has forgotten it, find the same transaction.
    const forgetful = await sponsoring.another();
    expect(await forgetful.present(sold, asDraft(signed))).toEqual(verification);
    expect(before - (await sponsoring.purse())).toBe(fee);
  },
);

test('a payment that may be on its way is not refused for the balance that it has taken', async () => {
  const node = httpRpc({ url: shop.devnet.url });
  let lost = true;
  const lossy: TempoRpc = {
    async request(method, params, timeoutMs) {
      const answer = await node.request(method, params, timeoutMs);
      if (!lost) return answer;
      if (method === 'eth_sendRawTransactionSync') throw new TempoRpcError('rpc_timeout', 'lost');
      return method === 'eth_getTransactionReceipt' ? null : answer;
    },
    close: () => node.close(),
  };
  const unlucky = await sponsoring.another({ rpc: lossy });
  const [payer, sold] = [await shop.payer(price), await unlucky.sell(price)];
  const signed = await sign(payer, sold);
  for (const _presentation of ['first', 'again']) {
    await expect(unlucky.present(sold, signed)).rejects.toThrow(MethodUnavailable);
  }
  expect(await shop.balance(payer.account.address)).toBe(0n);
  lost = false;
  expect(codeOf(await unlucky.present(sold, signed))).toBe('ok');
});

test('an access key within its limit is sponsored; its limit shrinks by the price alone', async () => {
  const home = await household(shop, { limit: price });
  const sold = await shop.sell(price);
  expect(codeOf(await shop.present(sold, await sign(home.payer, sold)))).toBe('ok');
});

test('several payments at once out of one balance: only as many as it covers are sent', async () => {
  const payer = await shop.payer(price + price / 2n);
  const before = await sponsoring.purse();
  const both = await Promise.all(
    [0, 1, 2].map(async () => {
      const sold = await shop.sell(price);
      return shop.present(sold, await sign(payer, sold));
    }),
  );
  expect(both.map(codeOf).sort()).toEqual(['insufficient-funds', 'insufficient-funds', 'ok']);
  expect(before - (await sponsoring.purse())).toBeLessThanOrEqual(sponsoredFeeMax);
});

test('the budget is a bound: then the challenge is unsponsored, and one that was promised waits', async () => {
  const tight = await sponsoring.another({
    sponsor: { budget: { amount: sponsoredFeeMax, windowMs: 3_600_000 } },
  });
  const [first, second] = [await tight.sell(price), await tight.sell(price)];
  expect([first.request.feePayer, second.request.feePayer]).toEqual([true, true]);
  const payer = await shop.payer(price * 3n);
  expect(codeOf(await tight.present(first, await sign(payer, first)))).toBe('ok');
  const before = await sponsoring.purse();
  // The worst case of a second fee is more than what is left.
  const signed = await sign(payer, second, { gas: 1_250_000n });
  await expect(tight.present(second, signed)).rejects.toThrow(MethodUnavailable);
  expect(await sponsoring.purse()).toBe(before);
  expect((await tight.sell(price)).request.feePayer).toBe(false);
});

test('a budget that is given is asked before anything is sent, and told what it cost', async () => {
  const told: string[] = [];
  let broken: 'reserve' | 'conclude' | undefined;
  const limits = { amount: 10_000_000n, windowMs: 3_600_000 };
  const memory = createSponsorBudget(limits);
  const given: SponsorBudget = {
    async reserve(hash, worst, nowMs) {
      if (broken === 'reserve') throw new Error('the disk is full');
      told.push(`reserve ${hash}`);
      return memory.reserve(hash, worst, nowMs);
    },
    async conclude(hash, fee, nowMs) {
      if (broken === 'conclude') throw new Error('the disk is full');
      told.push(`conclude ${hash}`);
      memory.conclude(hash, fee, nowMs);
    },
    remaining: async (nowMs) => memory.remaining(nowMs),
  };
  const durable = await sponsoring.another({ sponsor: { budget: given } });
  const payer = await shop.payer(price * 3n);
  const before = await sponsoring.purse();
  const sold = await durable.sell(price);
  const verification = await durable.present(sold, await sign(payer, sold));
  if (!verification.ok) throw new Error(codeOf(verification));
  const hash = verification.settlement.reference;
  expect(told).toEqual([`reserve ${hash}`, `conclude ${hash}`]);
  expect(limits.amount - memory.remaining(Date.now())).toBe(before - (await sponsoring.purse()));

  // What cannot be set aside is not spent; the same credential is good once it can be.
  const second = await durable.sell(price);
  const signed = await sign(payer, second);
  const left = await sponsoring.purse();
  broken = 'reserve';
  await expect(durable.present(second, signed)).rejects.toThrow(MethodUnavailable);
  expect(await sponsoring.purse()).toBe(left);
  // The money has moved: that its cost cannot be recorded is no reason to refuse the payer.
  broken = 'conclude';
  expect(codeOf(await durable.present(second, signed))).toBe('ok');
  const cost = left - (await sponsoring.purse());
  expect(cost).toBeGreaterThan(0n);
  // It stays set aside in full.
  expect(limits.amount - memory.remaining(Date.now())).toBeGreaterThanOrEqual(
    before - (await sponsoring.purse()),
  );
});

test('a fee payer without money promises nothing', async () => {
  const broke = await shop.payer(0n);
  const poor = await sponsoring.another({ sponsor: { feePayer: feePayerFromKey(broke.privateKey) } });
  const sold = await poor.sell(price);
  expect(sold.request.feePayer).toBe(false);
  expect(codeOf(await poor.present(sold, await sign(await shop.payer(1_000_000n), sold)))).toBe('ok');
});

test('a key that is none is refused without being shown', () => {
  expect(() => feePayerFromKey('0x1234')).toThrow(/^The fee payer needs a private key/);
});
