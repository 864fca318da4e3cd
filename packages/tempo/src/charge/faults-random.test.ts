import { startTempoDevnet, type TempoDevnet } from '@farebox/devnet/tempo';
import { MethodUnavailable } from '@farebox/protocol';
import { keccak256 } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Hex } from '../chain/hex.js';
import { type Fate, type LossyProxy, startLossyProxy } from '../testing/lossy-proxy.js';
import { codeOf, openShop, type Payer, pathUsd, type Shop, type Sold, sign } from '../testing/shop.js';

// Sixty payments over a line that loses a third of everything, through two sellers, some of them with money for
// the fee only. Prints its seed; TEMPO_FAULT_SEED repeats it.

const seed = Number(process.env.TEMPO_FAULT_SEED ?? Date.now() % 1_000_000);
const payments = 60;
const price = 1_000n;
const fates: readonly Fate[] = ['lose-request', 'lose-reply', 'garbage', 'http-502', 'other-answer'];
let devnet: TempoDevnet;
let proxy: LossyProxy;
let sellers: readonly Shop[];
let rich: Payer;
let poor: Payer;

/** mulberry32: small, and the same everywhere. */
function generator(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

beforeAll(async () => {
  devnet = await startTempoDevnet();
  proxy = await startLossyProxy(devnet.url);
  const first = await openShop({ devnet, rpcUrl: proxy.url });
  const tokens = { [pathUsd]: { recipient: first.merchant } };
  sellers = [first, await openShop({ devnet, rpcUrl: proxy.url, tokens })];
  rich = await first.payer(50_000_000n);
  poor = await first.payer(0n);
});
afterAll(async () => {
  for (const seller of sellers) seller.rpc.close();
  await proxy.close();
  await devnet.close();
});

test(`whatever is lost, each challenge is paid at most once, and every paid credential settles (seed ${seed})`, async () => {
  const random = generator(seed);
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const [shop] = sellers;
  if (shop === undefined) throw new Error('no seller');
  const sales: { readonly sold: Sold; readonly payer: Payer; readonly signed: Hex }[] = [];
  for (let count = 0; count < payments; count++) {
    const payer = random() < 0.15 ? poor : rich;
    const sold = await shop.sell(price);
    sales.push({ sold, payer, signed: await sign(payer, sold) });
  }

  const settled = new Map<string, string>();
  const expired = new Set<string>();
  const present = async (sale: (typeof sales)[number], seller: Shop) => {
    const { id } = sale.sold.challenge;
    try {
      const verification = await seller.present(sale.sold, sale.signed);
      if (!verification.ok) {
        // A signature is valid for 25 s. On a slow machine it may be over before anybody got it through; then it must
        // never have been carried out, which is counted at the end.
        if (codeOf(verification) === 'expired-signature' && !settled.has(id)) {
          expired.add(id);
          return;
        }
        expect({ seed, id, code: codeOf(verification), poor: sale.payer === poor }).toEqual({
          seed,
          id,
          code: 'insufficient-funds',
          poor: true,
        });
        return;
      }
      const { reference } = verification.settlement;
      expect({ seed, reference }).toEqual({ seed, reference: settled.get(id) ?? keccak256(sale.signed) });
      settled.set(id, reference);
    } catch (error) {
      expect(error).toBeInstanceOf(MethodUnavailable);
    }
  };

  proxy.decide = () => (random() < 0.35 ? (pick(fates) ?? 'pass') : 'pass');
  for (let round = 0; round < 3; round++) {
    await Promise.all(sales.map((sale) => present(sale, pick(sellers) ?? shop)));
  }
  const duringTrouble = settled.size;
  proxy.decide = () => 'pass';
  // A seller that remembers nothing of it.
  const fresh = await openShop({ devnet, tokens: { [pathUsd]: { recipient: shop.merchant } } });
  for (const sale of sales) {
    const { id } = sale.sold.challenge;
    // In the last seconds of a validity, and a few after it, it is not known yet: then it is asked again.
    do await present(sale, fresh);
    while (sale.payer === rich && !settled.has(id) && !expired.has(id));
  }

  const solvent = sales.filter(({ payer }) => payer === rich);
  const over = solvent.filter(({ sold }) => expired.has(sold.challenge.id));
  expect({ seed, settled: settled.size }).toEqual({ seed, settled: solvent.length - over.length });
  expect(duringTrouble).toBeGreaterThan(0);
  expect({ seed, earned: await shop.balance(shop.merchant) }).toEqual({
    seed,
    earned: price * BigInt(settled.size),
  });
});
