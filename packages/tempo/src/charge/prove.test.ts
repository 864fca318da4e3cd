import { hashTypedData } from 'viem';
import { sign as signHash } from 'viem/accounts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TempoAccount } from '../accounts/account.js';
import { ownAccount } from '../accounts/account.js';
import { newPrivateKey } from '../accounts/private-key.js';
import { tempoChain } from '../chain/chain.js';
import type { Address, Hex } from '../chain/hex.js';
import { household } from '../testing/household.js';
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
import { highS } from '../testing/tamper.js';
import { type ProofSubject, proofDigest, proofTypedData } from './proof-message.js';
import { findProofFault } from './prove.js';
import { payerSource } from './source.js';

let shop: Shop;
let payer: Payer;
beforeAll(async () => {
  shop = await openShop();
  payer = await shop.payer(0n);
});
afterAll(async () => {
  shop.rpc.close();
  await shop.devnet.close();
});

const subjectOf = (sold: Sold, account: Address, changes: Partial<ProofSubject> = {}): ProofSubject => ({
  account,
  chainId: 4217,
  challengeId: sold.challenge.id,
  realm: sold.challenge.realm,
  ...changes,
});
const prove = (who: TempoAccount, sold: Sold, changes: Partial<ProofSubject> = {}) =>
  who.signTypedData(proofTypedData(subjectOf(sold, who.address, changes)));
const present = (sold: Sold, signature: string, account: Address, chainId = 4217) =>
  shop.verify(sold, { type: 'proof', signature }, { source: payerSource({ chainId, address: account }) });

test('an account proves itself for nothing, and the node is not asked', async () => {
  const sold = await shop.sell(0n);
  shop.rpc.methods.length = 0;
  const { address } = payer.account;
  expect(await present(sold, await prove(payer.account, sold), address)).toEqual({
    ok: true,
    settlement: {
      reference: sold.challenge.id,
      paid: { amount: 0n, currency: pathUsd },
      payer: `did:pkh:eip155:4217:${address}`,
    },
  });
  expect(shop.rpc.methods).toEqual([]);
});

test('the message is the deployed one: domain MPP of version 3, over account, challenge and realm', () => {
  // Written out here, as the deployed servers have it.
  const account: Address = '0x742d35cc6634c0532925a3b844bc9e7595f8fe00';
  const expected = hashTypedData({
    domain: { name: 'MPP', version: '3', chainId: 4217 },
    types: {
      Proof: [
        { name: 'account', type: 'address' },
        { name: 'challengeId', type: 'string' },
        { name: 'realm', type: 'string' },
      ],
    },
    primaryType: 'Proof',
    message: { account, challengeId: 'abc', realm: 'api.example.com' },
  });
  expect(proofDigest({ account, chainId: 4217, challengeId: 'abc', realm: 'api.example.com' })).toBe(
    expected,
  );
});

test('a P-256 account proves itself', async () => {
  const account = ownAccount({ privateKey: newPrivateKey(), keyType: 'p256' });
  const sold = await shop.sell(0n);
  const signature = await prove(account, sold);
  expect(codeOf(await present(sold, signature, account.address))).toBe('ok');
  // One bit of the signature is another: nobody's.
  const broken = signature.replace(/^0x01(.)/, (_, digit: string) => `0x01${digit === '0' ? '1' : '0'}`);
  expect(codeOf(await present(sold, broken, account.address))).toBe('signature-invalid');
});

test.each(['secp256k1', 'p256'] as const)(
  'a registered access key (%s) proves its account',
  async (keyType) => {
    const home = await household(shop, { keyType });
    const sold = await shop.sell(0n);
    const signature = await prove(home.payer.account, sold);
    shop.rpc.methods.length = 0;
    expect(codeOf(await present(sold, signature, home.root.address))).toBe('ok');
    expect(shop.rpc.methods).toEqual(['eth_call']);
  },
);

test('what a node of another chain says of a key is no proof of anything', async () => {
  const home = await household(shop);
  const subject = { account: home.root.address, chainId: 1337, challengeId: 'abc', realm: 'api.example.com' };
  const signature = await home.payer.account.signTypedData(proofTypedData(subject));
  const chain = tempoChain(shop.rpc);
  await expect(findProofFault(chain, signature, subject)).rejects.toThrow(/belongs to chain 4217, not 1337/);
});

test('a registered access key proves its account with a bare signature too', async () => {
  const home = await household(shop);
  const sold = await shop.sell(0n);
  const hash = proofDigest(subjectOf(sold, home.root.address));
  const signature = await signHash({ hash, privateKey: home.payer.privateKey, to: 'hex' });
  expect(codeOf(await present(sold, signature, home.root.address))).toBe('ok');
});

interface Cheat {
  readonly name: string;
  readonly code: string;
  build(sold: Sold): Promise<{ signature: string; account: Address; chainId?: number }>;
}

const mine = async (sold: Sold, changes: Partial<ProofSubject>) => ({
  signature: await prove(payer.account, sold, changes),
  account: payer.account.address,
});

const cheats: readonly Cheat[] = [
  {
    name: 'one’s own signature for somebody else’s account',
    code: 'key-not-registered',
    build: async (sold) => {
      const account = freshAddress();
      return { signature: await prove(payer.account, sold, { account }), account };
    },
  },
  {
    name: 'a proof for another challenge',
    code: 'key-not-registered',
    build: (sold) => mine(sold, { challengeId: 'x' }),
  },
  {
    name: 'a proof for another realm',
    code: 'key-not-registered',
    build: (sold) => mine(sold, { realm: 'other' }),
  },
  {
    name: 'a proof for another chain',
    code: 'key-not-registered',
    build: (sold) => mine(sold, { chainId: 1 }),
  },
  {
    name: 'the message of the draft, which names neither account nor realm',
    code: 'key-not-registered',
    build: async (sold) => ({
      signature: await payer.account.signTypedData({
        domain: { name: 'MPP', version: '1', chainId: 4217 },
        types: { Proof: [{ name: 'challengeId', type: 'string' }] },
        primaryType: 'Proof',
        message: { challengeId: sold.challenge.id },
      }),
      account: payer.account.address,
    }),
  },
  {
    name: 'a source on another chain',
    code: 'source-mismatch',
    build: async (sold) => ({ ...(await mine(sold, {})), chainId: 42431 }),
  },
  {
    name: 'the other signature of the same key (high s)',
    code: 'signature-invalid',
    build: async (sold) => {
      const { signature, account } = await mine(sold, {});
      return { signature: `0x${highS(signature.slice(2))}`, account };
    },
  },
  {
    name: 'an access key that is not registered',
    code: 'key-not-registered',
    build: async (sold) => {
      const home = await household(shop, {}, false);
      return { signature: await prove(home.payer.account, sold), account: home.root.address };
    },
  },
  {
    name: 'an access key that was revoked',
    code: 'key-revoked',
    build: async (sold) => {
      const home = await household(shop);
      await home.revoke();
      return { signature: await prove(home.payer.account, sold), account: home.root.address };
    },
  },
  {
    name: 'an access key of one account, for another',
    code: 'signature-invalid',
    build: async (sold) => {
      const home = await household(shop);
      return { signature: await prove(home.payer.account, sold), account: freshAddress() };
    },
  },
  {
    name: 'an empty signature',
    code: 'signature-invalid',
    build: async () => ({ signature: '0x', account: payer.account.address }),
  },
  {
    name: 'a signature of 4 kB',
    code: 'payload-malformed',
    build: async () => ({ signature: `0x${'00'.repeat(4_096)}`, account: payer.account.address }),
  },
];

test.each(cheats)('$name: $code', async ({ build, code }) => {
  const sold = await shop.sell(0n);
  const { signature, account, chainId } = await build(sold);
  shop.rpc.methods.length = 0;
  expect(codeOf(await present(sold, signature, account, chainId))).toBe(code);
  expect(shop.rpc.methods.length).toBeLessThanOrEqual(1);
});

test('an expired access key proves nothing', async () => {
  const own = await openShop();
  try {
    const home = await household(own, { lifeS: 60 });
    await own.devnet.increaseTime(61);
    const sold = await own.sell(0n);
    const payload = { type: 'proof', signature: await prove(home.payer.account, sold) };
    const source = payerSource({ chainId: 4217, address: home.root.address });
    expect(codeOf(await own.verify(sold, payload, { source }))).toBe('key-expired');
  } finally {
    own.rpc.close();
    await own.devnet.close();
  }
});

test('a proof needs its source, buys nothing that has a price, and nothing else buys what has none', async () => {
  const free = await shop.sell(0n);
  const priced = await shop.sell(10_000n);
  const signature: Hex = await prove(payer.account, free);
  expect(codeOf(await shop.verify(free, { type: 'proof', signature }))).toBe('source-mismatch');
  expect(codeOf(await present(priced, await prove(payer.account, priced), payer.account.address))).toBe(
    'mode-not-supported',
  );
  expect(codeOf(await shop.present(free, await sign(payer, priced)))).toBe('mode-not-supported');
  expect(codeOf(await shop.verify(priced, { type: 'nonsense' }))).toBe('payload-malformed');
  expect(codeOf(await shop.verify(priced, {}))).toBe('payload-malformed');
});
