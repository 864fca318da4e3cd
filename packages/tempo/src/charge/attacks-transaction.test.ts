import { afterAll, beforeAll, expect, test } from 'vitest';
import { expiringNonce } from '../accounts/transaction.js';
import type { Hex } from '../chain/hex.js';
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
  transferData,
  transferWithMemoData,
  word,
} from '../testing/shop.js';
import { field, forge } from '../testing/tamper.js';
import { attributionMemo } from './memo.js';

// Every cheat is refused before the node is asked anything, and moves nothing.

let shop: Shop;
let payer: Payer;
const price = 10_000n;

beforeAll(async () => {
  shop = await openShop();
  payer = await shop.payer();
});
afterAll(async () => {
  shop.rpc.close();
  await shop.devnet.close();
});

interface Cheat {
  readonly name: string;
  readonly code: string;
  build(sold: Sold): Promise<unknown> | unknown;
}

const nowS = () => Math.floor(Date.now() / 1_000);
const calls = (sold: Sold, ...made: readonly { to: Hex; data: Hex }[]) => sign(payer, sold, { calls: made });
const good = (sold: Sold) => {
  const [call] = sold.calls;
  if (call === undefined) throw new Error('no call');
  return call;
};
const paying = (sold: Sold, amount: bigint, memo = sold.memo) => ({
  to: pathUsd,
  data: transferWithMemoData(shop.merchant, amount, memo),
});
const memoFor = (challengeId: string, realm: string) => attributionMemo({ realm, challengeId });

const cheats: readonly Cheat[] = [
  {
    name: 'another token',
    code: 'calls-mismatch',
    build: (sold) => calls(sold, { ...good(sold), to: alphaUsd }),
  },
  {
    name: 'another recipient',
    code: 'calls-mismatch',
    build: (sold) =>
      calls(sold, { to: pathUsd, data: transferWithMemoData(freshAddress(), price, sold.memo) }),
  },
  { name: 'one unit less', code: 'calls-mismatch', build: (sold) => calls(sold, paying(sold, price - 1n)) },
  { name: 'one unit more', code: 'calls-mismatch', build: (sold) => calls(sold, paying(sold, price + 1n)) },
  {
    name: 'an extra call that takes the money back to an accomplice',
    code: 'calls-mismatch',
    build: (sold) => calls(sold, good(sold), { to: pathUsd, data: transferData(freshAddress(), 1n) }),
  },
  {
    name: 'an allowance on the side',
    code: 'calls-mismatch',
    build: (sold) =>
      calls(sold, good(sold), { to: pathUsd, data: `0x095ea7b3${word(freshAddress())}${word(9n)}` }),
  },
  {
    name: 'the same transfer twice',
    code: 'calls-mismatch',
    build: (sold) => calls(sold, good(sold), good(sold)),
  },
  {
    name: 'a plain transfer without memo',
    code: 'memo-not-bound',
    build: (sold) => calls(sold, { to: pathUsd, data: transferData(shop.merchant, price) }),
  },
  {
    name: 'the memo of another challenge',
    code: 'memo-not-bound',
    build: (sold) => calls(sold, paying(sold, price, memoFor('another', sold.challenge.realm))),
  },
  {
    name: 'the memo of another realm',
    code: 'memo-not-bound',
    build: (sold) => calls(sold, paying(sold, price, memoFor(sold.challenge.id, 'https://other.example'))),
  },
  {
    name: 'an empty memo',
    code: 'memo-not-bound',
    build: (sold) => calls(sold, paying(sold, price, `0x${'00'.repeat(32)}`)),
  },
  {
    name: 'a memo of an unknown version',
    code: 'memo-not-bound',
    build: (sold) => calls(sold, paying(sold, price, `0x${sold.memo.slice(2, 10)}02${sold.memo.slice(12)}`)),
  },
  {
    name: 'calldata with trailing bytes',
    code: 'calls-mismatch',
    build: (sold) => calls(sold, { to: pathUsd, data: `${good(sold).data}00` }),
  },
  {
    name: 'calldata that is a byte short',
    code: 'calls-mismatch',
    build: (sold) => calls(sold, { to: pathUsd, data: `0x${good(sold).data.slice(2, -2)}` }),
  },
  {
    name: 'something above the address in its word',
    code: 'calls-mismatch',
    build: (sold) =>
      calls(sold, { to: pathUsd, data: `0x${good(sold).data.slice(2, 10)}01${good(sold).data.slice(12)}` }),
  },
  {
    name: 'an allowance instead of a payment',
    code: 'calls-mismatch',
    build: (sold) => calls(sold, { to: pathUsd, data: `0x095ea7b3${word(shop.merchant)}${word(price)}` }),
  },
  {
    name: 'a transferFrom of somebody else’s money',
    code: 'calls-mismatch',
    build: (sold) =>
      calls(sold, {
        to: pathUsd,
        data: `0x23b872dd${word(freshAddress())}${word(shop.merchant)}${word(price)}`,
      }),
  },
  {
    name: 'native value on the call',
    code: 'transaction-malformed',
    build: async (sold) =>
      forge(payer, await sign(payer, sold), (fields) =>
        fields.with(field.calls, [[pathUsd, '0x01', good(sold).data]]),
      ),
  },
  {
    name: 'a contract that is created',
    code: 'transaction-malformed',
    build: async (sold) =>
      forge(payer, await sign(payer, sold), (fields) =>
        fields.with(field.calls, [['0x', '0x', good(sold).data]]),
      ),
  },
  {
    name: 'a call with a fourth member',
    code: 'transaction-malformed',
    build: async (sold) =>
      forge(payer, await sign(payer, sold), (fields) =>
        fields.with(field.calls, [[pathUsd, '0x', good(sold).data, '0x01']]),
      ),
  },
  {
    name: 'the test network',
    code: 'not-this-chain',
    build: (sold) => sign(payer, sold, { chainId: 42431 }),
  },
  {
    name: 'a validity that ends after the challenge',
    code: 'validity-window',
    build: (sold) => sign(payer, sold, { validBefore: nowS() + 400 }),
  },
  {
    name: 'a validity that begins later',
    code: 'validity-window',
    build: async (sold) =>
      forge(payer, await sign(payer, sold), (fields) =>
        fields.with(field.validAfter, `0x${(nowS() + 15).toString(16)}`),
      ),
  },
  {
    name: 'an expiring nonce without an end',
    code: 'validity-window',
    build: async (sold) =>
      forge(payer, await sign(payer, sold), (fields) => fields.with(field.validBefore, '0x')),
  },
  {
    name: 'an expiring nonce that counts',
    code: 'validity-window',
    build: (sold) => sign(payer, sold, { nonceKey: expiringNonce.nonceKey, nonce: 1 }),
  },
  {
    name: 'a transaction for a sponsor, where nobody sponsors',
    code: 'sponsorship-mismatch',
    build: async (sold) =>
      forge(payer, await sign(payer, sold), (fields) =>
        fields.with(field.feeToken, '0x').with(field.feePayer, '0x00'),
      ),
  },
];

test.each(cheats)('$name: $code', async ({ build, code }) => {
  const sold = await shop.sell(price);
  const signature = await build(sold);
  const before = [await shop.balance(shop.merchant), await shop.balance(payer.account.address)];
  shop.rpc.methods.length = 0;
  const payload = JSON.parse(JSON.stringify({ type: 'transaction', signature }));
  const verification = await shop.verify(sold, payload);
  expect(codeOf(verification)).toBe(code);
  expect(shop.rpc.methods).toEqual([]);
  expect([await shop.balance(shop.merchant), await shop.balance(payer.account.address)]).toEqual(before);
});
