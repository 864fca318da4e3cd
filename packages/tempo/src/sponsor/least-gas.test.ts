import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Hex } from '../chain/hex.js';
import { household } from '../testing/household.js';
import { codeOf, freshAddress, pathUsd, type Shop, sign } from '../testing/shop.js';
import { openSponsoring, type Sponsoring } from '../testing/sponsoring.js';
import { leastGas } from './least-gas.js';

const price = 10_000n;
/** What the leanest of the deployed clients adds to its node's estimate (mppx 0.11.0): it must be served. */
const clientMarginGas = 5_000n;
let sponsoring: Sponsoring;
beforeAll(async () => {
  sponsoring = await openSponsoring();
});
afterAll(() => sponsoring.close());

async function gasUsed(hash: string): Promise<bigint> {
  const receipt = await sponsoring.shop.devnet.rpc('eth_getTransactionReceipt', [hash]);
  if (typeof receipt !== 'object' || receipt === null || !('gasUsed' in receipt))
    throw new Error('no receipt');
  return BigInt(String(receipt.gasUsed));
}

interface Case {
  readonly name: string;
  readonly splits: readonly ({ recipient: Hex; amount: bigint } & { readonly memo?: Hex })[];
  readonly key?: { readonly keyType: 'secp256k1' | 'p256'; readonly scoped: boolean };
}

const split = (memo?: Hex) => ({ recipient: freshAddress(), amount: 10n, ...(memo && { memo }) });
const word: Hex = `0x${'ab'.repeat(32)}`;
const cases: readonly Case[] = [
  { name: 'one transfer', splits: [] },
  { name: 'splits', splits: [split(), split()] },
  { name: 'splits with memos', splits: [split(word), split(word)] },
  { name: 'an access key', splits: [split(word)], key: { keyType: 'secp256k1', scoped: false } },
  { name: 'a scoped access key of P-256', splits: [split(word)], key: { keyType: 'p256', scoped: true } },
];

test.each(cases)('the floor is what the chain needs, and hardly more: $name', async ({ splits, key }) => {
  const shop: Shop = await sponsoring.another({ splits });
  for (const holds of [false, true]) {
    const sold = await shop.sell(price);
    const recipients = [sold.request.recipient, ...splits.map(({ recipient }) => recipient)];
    const gas = leastGas({
      calls: sold.calls,
      holds: () => holds,
      keyType: key?.keyType ?? 'secp256k1',
      accessKey: key !== undefined,
      scoped: key?.scoped ?? false,
    });
    const payer =
      key === undefined
        ? await shop.payer(price * 3n)
        : (await household(shop, { keyType: key.keyType, ...(key.scoped && { recipients }) })).payer;
    const short = await sign(payer, sold, { gas: gas - 1n });
    expect(codeOf(await shop.present(sold, short))).toBe('gas-too-low');
    const verification = await shop.present(sold, await sign(payer, sold, { gas }));
    if (!verification.ok) throw new Error(verification.refusal.detail);
    const used = await gasUsed(verification.settlement.reference);
    expect(gas - used).toBeGreaterThanOrEqual(0n);
    expect(gas - used).toBeLessThan(clientMarginGas);
    expect(verification.settlement.paid).toEqual({ amount: price, currency: pathUsd });
  }
});
