import { keccak256 } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeOf, freshAddress, openShop, pathUsd, type Shop, sign } from '../testing/shop.js';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(async () => {
  shop.rpc.close();
  await shop.devnet.close();
});

test('the challenge names the chain and the mode, as the draft asks of a server that takes only one', async () => {
  const { challenge } = await shop.sell(10_000n, { description: 'One block' });
  expect(challenge.requestObject).toEqual({
    amount: '10000',
    currency: pathUsd,
    recipient: shop.merchant,
    description: 'One block',
    externalId: expect.stringMatching(/^[A-Za-z0-9_-]{16}$/),
    methodDetails: { chainId: 4217, supportedModes: ['pull'] },
  });
});

test('two challenges of one moment are two: nothing else in them would tell them apart', async () => {
  const ids = await Promise.all(
    [1, 2, 3].map(async () => (await shop.sell(10_000n)).challenge.requestObject.externalId),
  );
  expect(new Set(ids).size).toBe(3);
});

test('a signed transaction is settled with one call of the node', async () => {
  const payer = await shop.payer();
  const before = await shop.balance(shop.merchant);
  const sold = await shop.sell(12_345n);
  const signed = await sign(payer, sold);
  shop.rpc.methods.length = 0;
  const verification = await shop.present(sold, signed);
  expect(shop.rpc.methods).toEqual(['eth_sendRawTransactionSync']);
  expect(verification).toEqual({
    ok: true,
    settlement: {
      reference: keccak256(signed),
      paid: { amount: 12_345n, currency: pathUsd },
      payer: `did:pkh:eip155:4217:${payer.account.address}`,
    },
  });
  expect(await shop.balance(shop.merchant)).toBe(before + 12_345n);
});

test('the same credential gives the same settlement, also from a seller that has forgotten everything', async () => {
  const payer = await shop.payer();
  const sold = await shop.sell();
  const signed = await sign(payer, sold);
  const first = await shop.present(sold, signed);
  const paid = await shop.balance(shop.merchant);
  expect(await shop.present(sold, signed)).toEqual(first);
  const restarted = await openShop({
    devnet: shop.devnet,
    tokens: { [pathUsd]: { recipient: shop.merchant } },
  });
  expect(await restarted.present(sold, signed)).toEqual(first);
  expect(await shop.balance(shop.merchant)).toBe(paid);
});

test('many at once: each is settled, one transaction each', async () => {
  const payer = await shop.payer();
  const all = await Promise.all(
    Array.from({ length: 12 }, async () => {
      const sold = await shop.sell(1_000n);
      return shop.present(sold, await sign(payer, sold));
    }),
  );
  expect(all.map(codeOf)).toEqual(Array(12).fill('ok'));
});

test('one credential presented many times at once is broadcast once', async () => {
  const payer = await shop.payer();
  const sold = await shop.sell();
  const signed = await sign(payer, sold);
  shop.rpc.methods.length = 0;
  const all = await Promise.all(Array.from({ length: 8 }, () => shop.present(sold, signed)));
  expect(
    new Set(all.map((one) => JSON.stringify(one, (_, v) => (typeof v === 'bigint' ? String(v) : v)))).size,
  ).toBe(1);
  expect(shop.rpc.methods).toEqual(['eth_sendRawTransactionSync']);
});

test('splits: everybody gets their part in one transaction', async () => {
  const [platform, affiliate] = [freshAddress(), freshAddress()];
  const memo = `0x${'00'.repeat(28)}deadbeef`;
  const split = await openShop({
    devnet: shop.devnet,
    tokens: {
      [pathUsd]: {
        recipient: shop.merchant,
        splits: [
          { recipient: platform, basisPoints: 500 },
          { recipient: affiliate, amount: 10_000n, memo },
        ],
      },
    },
  });
  const before = await shop.balance(shop.merchant);
  const sold = await split.sell(1_000_000n);
  expect(codeOf(await split.present(sold, await sign(await shop.payer(), sold)))).toBe('ok');
  expect(await shop.balance(platform)).toBe(50_000n);
  expect(await shop.balance(affiliate)).toBe(10_000n);
  expect(await shop.balance(shop.merchant)).toBe(before + 940_000n);
});
