import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeOf, openShop, type Payer, pathUsd, type Shop, type Sold, sign } from '../testing/shop.js';
import { field, fieldsOf, forge, highS, reseal, tamper, write } from '../testing/tamper.js';

// The right transfers, in bytes that are not what they seem: refused before the node is asked anything.

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

const cheats: readonly Cheat[] = [
  {
    name: 'an address where a fee payer’s signature belongs',
    code: 'transaction-malformed',
    build: async (sold) =>
      tamper(await sign(payer, sold), (fields) => fields.with(field.feePayer, payer.account.address)),
  },
  {
    name: 'the signature of a fee payer of the payer’s own',
    code: 'transaction-malformed',
    build: async (sold) =>
      tamper(await sign(payer, sold), (fields) =>
        fields.with(field.feePayer, ['0x', `0x${'11'.repeat(32)}`, `0x${'22'.repeat(32)}`]),
      ),
  },
  {
    name: 'an access list',
    code: 'transaction-malformed',
    build: async (sold) =>
      forge(payer, await sign(payer, sold), (fields) => fields.with(field.accessList, [[pathUsd, []]])),
  },
  {
    name: 'a delegation',
    code: 'transaction-malformed',
    build: async (sold) =>
      forge(payer, await sign(payer, sold), (fields) => fields.with(field.authorizationList, [['0x']])),
  },
  {
    name: 'a field too many',
    code: 'transaction-malformed',
    build: async (sold) =>
      tamper(await sign(payer, sold), (fields) => [...fields.slice(0, 13), '0x', '0x', ...fields.slice(13)]),
  },
  {
    name: 'bytes behind the end',
    code: 'transaction-malformed',
    build: async (sold) => `${await sign(payer, sold)}00`,
  },
  {
    name: 'a number with leading zeros',
    code: 'transaction-malformed',
    build: async (sold) =>
      forge(payer, await sign(payer, sold), (fields) => fields.with(field.nonce, '0x00')),
  },
  {
    name: 'a length that is written longer than need be',
    code: 'transaction-malformed',
    build: async (sold) => {
      const signed = await sign(payer, sold);
      // f9 llll → fa 00llll
      return `0x76fa00${signed.slice(6)}`;
    },
  },
  {
    name: 'no signature at all',
    code: 'transaction-malformed',
    build: async (sold) => tamper(await sign(payer, sold), (fields) => fields.slice(0, -1)),
  },
  {
    name: 'an empty signature',
    code: 'transaction-malformed',
    build: async (sold) => reseal(await sign(payer, sold), () => ''),
  },
  {
    name: 'the other signature of the same key (high s)',
    code: 'transaction-malformed',
    build: async (sold) => reseal(await sign(payer, sold), highS),
  },
  {
    name: 'a recovery id that there is not',
    code: 'transaction-malformed',
    build: async (sold) => reseal(await sign(payer, sold), (signature) => `${signature.slice(0, 128)}1d`),
  },
  {
    name: 'the keychain form that the chain no longer takes (V1)',
    code: 'transaction-malformed',
    build: async (sold) =>
      reseal(await sign(payer, sold), (signature) => `03${payer.account.address.slice(2)}${signature}`),
  },
  {
    name: 'an access key inside an access key',
    code: 'transaction-malformed',
    build: async (sold) => {
      const account = payer.account.address.slice(2);
      return reseal(await sign(payer, sold), (signature) => `04${account}04${account}${signature}`);
    },
  },
  {
    name: 'an Ethereum transaction',
    code: 'transaction-malformed',
    build: async (sold) => write(fieldsOf(await sign(payer, sold)), '02'),
  },
  { name: 'a transaction of 9 kB', code: 'transaction-malformed', build: () => `0x76${'00'.repeat(9_000)}` },
  {
    name: 'RLP as deep as it is long',
    code: 'transaction-malformed',
    build: () => `0x76${'c1'.repeat(8_000)}`,
  },
  { name: 'no hex', code: 'transaction-malformed', build: () => '0x76zz' },
  { name: 'a number for a transaction', code: 'transaction-malformed', build: () => 76 },
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

test('the tampering itself is sound: what it leaves alone is accepted', async () => {
  const sold = await shop.sell(price);
  const untouched = await forge(payer, await sign(payer, sold), (fields) => fields);
  expect(codeOf(await shop.present(sold, untouched))).toBe('ok');
});
