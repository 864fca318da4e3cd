import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PaymentTransaction } from '../accounts/transaction.js';
import type { Address, Hex } from '../chain/hex.js';
import { httpRpc } from '../chain/http-rpc.js';
import type { TempoRpc } from '../chain/rpc.js';
import { household } from '../testing/household.js';
import {
  codeOf,
  freshAddress,
  pathUsd,
  paymentOf,
  type Shop,
  type Sold,
  sign,
  transferData,
} from '../testing/shop.js';
import { asDraft, openSponsoring, type Sponsoring } from '../testing/sponsoring.js';
import { field, fieldsOf, forge, tamper, write } from '../testing/tamper.js';
import { sponsoredFeeMax } from './sponsor.js';

const price = 10_000n;
let sponsoring: Sponsoring;
let shop: Shop;

beforeAll(async () => {
  sponsoring = await openSponsoring();
  shop = sponsoring.shop;
});
afterAll(() => sponsoring.close());

interface Cheat {
  readonly name: string;
  readonly code: string;
  build(sold: Sold): Promise<Hex>;
}

const nowS = () => Math.floor(Date.now() / 1_000);
const changed = async (sold: Sold, changes: Partial<PaymentTransaction>) =>
  sign(await shop.payer(price), sold, changes);

const cheats: readonly Cheat[] = [
  {
    name: 'an account without money',
    code: 'insufficient-funds',
    build: async (sold) => sign(await shop.payer(price - 1n), sold),
  },
  {
    name: 'an access key over its limit',
    code: 'spending-limit',
    build: async (sold) => sign((await household(shop, { limit: price - 1n })).payer, sold),
  },
  {
    name: 'an access key that may pay somebody else only',
    code: 'key-scope',
    build: async (sold) => sign((await household(shop, { recipients: [freshAddress()] })).payer, sold),
  },
  {
    name: 'an access key that is not registered',
    code: 'key-not-registered',
    build: async (sold) => sign((await household(shop, {}, false)).payer, sold),
  },
  {
    name: 'an access key that was revoked',
    code: 'key-revoked',
    build: async (sold) => {
      const home = await household(shop);
      await home.revoke();
      return sign(home.payer, sold);
    },
  },
  {
    name: 'the registration of a key at the sponsor’s cost',
    code: 'sponsorship-refused',
    build: async (sold) => {
      const home = await household(shop, {}, false);
      return sign(home.carrying, sold, { keyAuthorization: home.authorization.signed });
    },
  },
  {
    name: 'more gas than a payment needs',
    code: 'sponsorship-refused',
    build: (sold) => changed(sold, { gas: 2_000_001n }),
  },
  ...[50_000n, 200_000n, 309_000n].map((gas) => ({
    name: `enough gas to be mined and too little to pay (${gas})`,
    code: 'gas-too-low',
    build: (sold: Sold) => changed(sold, { gas }),
  })),
  {
    name: 'gas at any price',
    code: 'sponsorship-refused',
    build: (sold) => changed(sold, { maxFeePerGas: 10n ** 12n }),
  },
  {
    name: 'a tip above the cap',
    code: 'sponsorship-refused',
    build: async (sold) => {
      const payer = await shop.payer(price);
      const tip = `0x${41_000_000_000n.toString(16).padStart(10, '0')}` as const;
      return forge(payer, asDraft(await sign(payer, sold)), (fields) =>
        fields.with(field.maxPriorityFeePerGas, tip),
      );
    },
  },
  {
    name: 'a nonce that does not expire, to be sent whenever it hurts',
    code: 'sponsorship-refused',
    build: (sold) => changed(sold, { nonceKey: 0n, nonce: 0 }),
  },
  {
    name: 'a validity of two minutes',
    code: 'sponsorship-refused',
    build: (sold) => changed(sold, { validBefore: nowS() + 120 }),
  },
  {
    name: 'an extra call at the sponsor’s cost',
    code: 'calls-mismatch',
    build: (sold) =>
      changed(sold, { calls: [...sold.calls, { to: pathUsd, data: transferData(freshAddress(), 1n) }] }),
  },
  {
    name: 'the sponsor as its own customer',
    code: 'sponsorship-refused',
    build: (sold) => sign(sponsoring.treasury, sold),
  },
  {
    name: 'a fee token of the payer’s choice',
    code: 'transaction-malformed',
    build: async (sold) =>
      tamper(asDraft(await changed(sold, {})), (fields) => fields.with(field.feeToken, pathUsd)),
  },
  {
    name: 'another sender than who signed',
    code: 'signature-invalid',
    build: async (sold) => {
      const signed = await changed(sold, {});
      const other: Address = freshAddress();
      return write(fieldsOf(signed).with(field.feePayer, other), '78');
    },
  },
  {
    name: 'a complete transaction where a sponsor is asked for',
    code: 'sponsorship-mismatch',
    build: async (sold) => {
      const payer = await shop.payer(1_000_000n);
      return sign(payer, { ...sold, request: { ...sold.request, feePayer: false } });
    },
  },
];

test.each(cheats)('$name: $code, and it costs the sponsor nothing', async ({ build, code }) => {
  const sold = await shop.sell(price);
  const signed = await build(sold);
  const before = await sponsoring.purse();
  const earned = await shop.balance(shop.merchant);
  shop.rpc.methods.length = 0;
  expect(codeOf(await shop.present(sold, signed))).toBe(code);
  expect(shop.rpc.methods).not.toContain('eth_sendRawTransactionSync');
  // One for the account, and two for each of the three looks that this shop takes.
  expect(shop.rpc.methods.length).toBeLessThanOrEqual(7);
  expect(await sponsoring.purse()).toBe(before);
  expect(await shop.balance(shop.merchant)).toBe(earned);
});

test('a payer who takes the money away at the last moment costs one fee, once', async () => {
  const rpc = httpRpc({ url: shop.devnet.url });
  const thief = await shop.payer(price);
  await shop.devnet.fund(thief.account.address, 200_000n);
  let drained = 0;
  const racing: TempoRpc = {
    async request(method, params, timeoutMs) {
      // Past all checks, and just before the seller sends: the money goes elsewhere.
      if (method === 'eth_sendRawTransactionSync' && drained++ === 0) {
        const all = await shop.balance(thief.account.address);
        const away = await thief.account.signTransaction({
          ...(await unsponsored(all)),
        });
        await shop.devnet.rpc('eth_sendRawTransactionSync', [away]);
      }
      return rpc.request(method, params, timeoutMs);
    },
    close: () => rpc.close(),
  };
  const victim = await sponsoring.another({ rpc: racing });
  const sold = await victim.sell(190_000n);
  const before = await sponsoring.purse();
  const verification = await victim.present(sold, await sign(thief, sold));
  expect(['reverted', 'insufficient-funds']).toContain(codeOf(verification));
  const lost = before - (await sponsoring.purse());
  expect(lost).toBeGreaterThan(0n);
  expect(lost).toBeLessThanOrEqual(sponsoredFeeMax);

  await shop.devnet.fund(thief.account.address, 1_000_000n);
  const after = await sponsoring.purse();
  const again = await victim.sell(price);
  expect(codeOf(await victim.present(again, await sign(thief, again)))).toBe('sponsorship-refused');
  expect(await sponsoring.purse()).toBe(after);
});

async function unsponsored(all: bigint): Promise<PaymentTransaction> {
  const sold = await shop.sell(price);
  const { feePayer: _, ...payment } = paymentOf(sold);
  const calls = [{ to: pathUsd, data: transferData(freshAddress(), all - 60_000n) }];
  return {
    ...payment,
    calls,
    feeToken: pathUsd,
    validBefore: nowS() + 20,
  };
}
