import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Hex } from '../chain/hex.js';
import { household } from '../testing/household.js';
import {
  alphaUsd,
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

// What only the chain can tell. Nothing of it is accepted or moves the merchant's money, and with as many looks as
// sellers really take none costs them more than four calls of their node; a nonce that is used up, eleven.

const callsMax = 4;
/** The broadcast, and two calls for each of five looks. */
const patientCallsMax = 1 + 2 * 5;
const price = 10_000n;
let shop: Shop;
let payer: Payer;

beforeAll(async () => {
  shop = await openShop({ patience: { lookAgainMs: 10 } });
  payer = await shop.payer();
});
afterAll(async () => {
  shop.rpc.close();
  await shop.devnet.close();
});

interface Cheat {
  readonly name: string;
  readonly codes: readonly string[];
  build(sold: Sold): Promise<Hex>;
}

const nowS = () => Math.floor(Date.now() / 1_000);
const by = async (who: Promise<{ payer: Payer }>, sold: Sold) => sign((await who).payer, sold);

const cheats: readonly Cheat[] = [
  {
    name: 'a signature of nobody',
    codes: ['insufficient-funds', 'signature-invalid'],
    build: async (sold) =>
      reseal(
        await sign(payer, sold),
        () => `${'3'.repeat(64)}${randomBytes(31).toString('hex').padStart(64, '0')}1b`,
      ),
  },
  {
    name: 'what was signed for somebody else, changed to fit',
    codes: ['insufficient-funds', 'signature-invalid'],
    build: async (sold) => {
      const other = await shop.sell(price);
      const signature = (await sign(payer, other)).slice(-130);
      return reseal(await sign(payer, sold), () => signature);
    },
  },
  {
    name: 'an account without money',
    codes: ['insufficient-funds'],
    build: async (sold) => sign(await shop.payer(0n), sold),
  },
  {
    name: 'money for the fee only: mined, reverted, nothing bought',
    codes: ['insufficient-funds'],
    build: async (sold) => {
      const poor = await shop.payer(0n);
      await shop.devnet.fund(poor.account.address, 5_000_000n, alphaUsd);
      return sign(poor, sold, { feeToken: alphaUsd });
    },
  },
  {
    name: 'a validity that ran out',
    codes: ['expired-signature'],
    build: (sold) => sign(payer, sold, { validBefore: nowS() - 60 }),
  },
  {
    name: 'a validity beyond what the chain allows of an expiring nonce',
    codes: ['validity-window'],
    build: (sold) => sign(payer, sold, { validBefore: nowS() + 120 }),
  },
  { name: 'hardly any gas', codes: ['gas-too-low'], build: (sold) => sign(payer, sold, { gas: 21_000n }) },
  {
    name: 'enough gas to be mined and too little to pay',
    codes: ['gas-too-low'],
    build: (sold) => sign(payer, sold, { gas: 60_000n }),
  },
  {
    name: 'gas for nothing',
    codes: ['fee-too-low'],
    build: (sold) => sign(payer, sold, { maxFeePerGas: 1n }),
  },
  {
    name: 'a fee token that is none',
    codes: ['fee-token', 'insufficient-funds', 'refused-by-chain'],
    build: (sold) => sign(payer, sold, { feeToken: freshAddress() }),
  },
  {
    name: 'an access key that is not registered',
    codes: ['key-not-registered'],
    build: (sold) => by(household(shop, {}, false), sold),
  },
  {
    name: 'a stranger’s key that claims the account of the payer',
    codes: ['key-not-registered'],
    build: async (sold) => {
      const stranger = await shop.payer(0n);
      return reseal(
        await sign(stranger, sold),
        (signature) => `04${payer.account.address.slice(2)}${signature}`,
      );
    },
  },
  {
    name: 'an access key that was revoked',
    codes: ['key-revoked'],
    build: async (sold) => {
      const home = await household(shop);
      await home.revoke();
      return sign(home.payer, sold);
    },
  },
  {
    name: 'an access key over its limit: mined, reverted, nothing bought',
    codes: ['spending-limit'],
    build: (sold) => by(household(shop, { limit: price }), sold),
  },
  {
    name: 'an access key that may spend another token only',
    codes: ['spending-limit'],
    build: (sold) => by(household(shop, { limitToken: alphaUsd }), sold),
  },
  {
    name: 'an access key that may pay somebody else only',
    codes: ['key-scope'],
    build: (sold) => by(household(shop, { recipients: [freshAddress()] }), sold),
  },
  {
    name: 'a permission for a key, attached again',
    codes: ['key-already-registered'],
    build: async (sold) => {
      const home = await household(shop);
      return sign(home.carrying, sold, { keyAuthorization: home.authorization.signed, gas: 3_000_000n });
    },
  },
  {
    name: 'a P-256 signature of somebody else’s key',
    codes: ['key-invalid', 'signature-invalid', 'insufficient-funds'],
    build: async (sold) => {
      const home = await household(shop, { keyType: 'p256' });
      return forge(payer, await sign(home.payer, sold), (fields) => fields).then((forged) =>
        reseal(forged, () => `01${'11'.repeat(32)}${'01'.repeat(32)}${'22'.repeat(64)}00`),
      );
    },
  },
];

test.each(cheats)('$name: $codes', async ({ build, codes }) => {
  const sold = await shop.sell(price);
  const signed = await build(sold);
  const before = await shop.balance(shop.merchant);
  shop.rpc.methods.length = 0;
  const verification = await shop.present(sold, signed);
  expect(codes).toContain(codeOf(verification));
  expect(verification.ok || verification.refusal.detail).toMatch(/^Payment authorization did not verify \(/);
  expect(shop.rpc.methods.length).toBeLessThanOrEqual(callsMax);
  expect(await shop.balance(shop.merchant)).toBe(before);
});

test('an access key that has expired', async () => {
  // A chain of its own: moving the clock moves everybody's.
  const own = await openShop();
  try {
    const home = await household(own, { lifeS: 60 });
    await own.devnet.increaseTime(61);
    const sold = await own.sell(price);
    const validBefore = (await own.devnet.blockTime()) + 20;
    expect(codeOf(await own.present(sold, await sign(home.payer, sold, { validBefore })))).toBe(
      'key-expired',
    );
    expect(await own.balance(own.merchant)).toBe(0n);
  } finally {
    own.rpc.close();
    await own.devnet.close();
  }
});

test('replay under another recovery id: the same transaction, the same name, paid once', async () => {
  const sold = await shop.sell(price);
  const signed = await sign(payer, sold);
  const other = reseal(
    signed,
    (signature) => `${signature.slice(0, 128)}${signature.endsWith('1b') ? '00' : '01'}`,
  );
  expect(other).not.toBe(signed);
  const first = await shop.present(sold, other);
  const paid = await shop.balance(shop.merchant);
  expect(codeOf(first)).toBe('ok');
  expect(await shop.present(sold, signed)).toEqual(first);
  const forgetful = await openShop({
    devnet: shop.devnet,
    tokens: { [pathUsd]: { recipient: shop.merchant } },
  });
  expect(await forgetful.present(sold, other)).toEqual(first);
  expect(await shop.balance(shop.merchant)).toBe(paid);
});

test('one transaction buys one challenge only', async () => {
  const [first, second] = [await shop.sell(price), await shop.sell(price)];
  const signed = await sign(payer, first);
  expect(codeOf(await shop.present(first, signed))).toBe('ok');
  expect(codeOf(await shop.present(second, signed))).toBe('memo-not-bound');
});

test('a second transaction for a challenge that is paid is not sent: the payer keeps the money', async () => {
  const sold = await shop.sell(price);
  expect(codeOf(await shop.present(sold, await sign(payer, sold)))).toBe('ok');
  const left = await shop.balance(payer.account.address);
  const again = await sign(payer, sold, { validBefore: nowS() + 21 });
  expect(codeOf(await shop.present(sold, again))).toBe('challenge-settled');
  expect(await shop.balance(payer.account.address)).toBe(left);
});

test('two transactions for one challenge at once: one is sent', async () => {
  const sold = await shop.sell(price);
  const before = await shop.balance(shop.merchant);
  const signed = [
    await sign(payer, sold, { validBefore: nowS() + 21 }),
    await sign(payer, sold, { validBefore: nowS() + 22 }),
  ];
  const both = await Promise.all(signed.map((one) => shop.present(sold, one)));
  expect(both.map(codeOf).sort()).toEqual(['challenge-in-flight', 'ok']);
  expect(await shop.balance(shop.merchant)).toBe(before + price);
});

test('a nonce that another payment has used', async () => {
  const counting = { nonceKey: 0n, nonce: 0 };
  const mine = await shop.payer();
  const [first, second] = [await shop.sell(price), await shop.sell(price)];
  expect(codeOf(await shop.present(first, await sign(mine, first, counting)))).toBe('ok');
  const used = await sign(mine, second, counting);
  const endless = await forge(mine, used, (fields) => fields.with(field.validBefore, '0x'));
  for (const signed of [used, endless]) {
    shop.rpc.methods.length = 0;
    expect(codeOf(await shop.present(second, signed))).toBe('nonce-used');
    // Looked for to the end: a node may count a nonce before it has the receipt.
    expect(shop.rpc.methods.length).toBeLessThanOrEqual(patientCallsMax);
  }
});
