import { afterAll, beforeAll, expect, test } from 'vitest';
import { accessKeyAccount } from './account.js';
import { type KeyGrant, signKeyAuthorization } from './key-authorization.js';
import type { KeyScope } from './key-state.js';
import { listKeys, readBalances, readKey, registerKey, revokeKey, setKeyLimits } from './manage-keys.js';
import { newPrivateKey } from './private-key.js';
import { keychain } from './snapshot.js';
import { openTempoWorld, type TempoWorld } from './testing/tempo-world.js';

let world: TempoWorld;
beforeAll(async () => {
  world = await openTempoWorld(1337);
});
afterAll(() => world.close());

async function owner(funds = 10_000_000n) {
  const person = await world.person(funds);
  const action = {
    chain: world.chain,
    chainId: 1337,
    root: person.account,
    feeToken: world.token,
    maxFee: 1_000_000n,
  };
  const newKey = async (more: Partial<KeyGrant> = {}) => {
    const account = accessKeyAccount({ privateKey: newPrivateKey(), rootAccount: person.address });
    if (account.accessKey === undefined) throw new Error('no access key');
    const { address } = account.accessKey;
    const authorization = await signKeyAuthorization(person.privateKey, {
      chainId: 1337,
      key: { address, keyType: 'secp256k1' },
      expiresS: (await world.devnet.blockTime()) + 600,
      limits: [{ token: world.token, limit: 77n }],
      ...more,
    });
    return { address, authorization };
  };
  return { ...person, action, newKey };
}

test('keys are registered, listed with their state, and revoked for good', async () => {
  const { action, newKey, address } = await owner();
  const [kept, gone, short] = [await newKey(), await newKey(), await newKey()];
  const tokens = [world.token, world.devnet.tokens.alphaUsd];
  expect(await listKeys(world.chain, address, { tokens })).toMatchObject({ keys: [], complete: true });
  for (const { authorization } of [kept, gone, short]) {
    expect(await registerKey(action, authorization)).toMatchObject({ ok: true });
  }
  const revoked = await revokeKey(action, gone.address);
  if (!revoked.ok) throw new Error(revoked.detail);
  expect(revoked.value.transactionHash).toMatch(/^0x[0-9a-f]{64}$/);
  const { keys: listed, complete, fromBlock } = await listKeys(world.chain, address, { tokens });
  expect([complete, fromBlock]).toEqual([true, 0n]);
  expect(listed).toHaveLength(3);
  expect(listed.find(({ keyAddress }) => keyAddress === gone.address)).toMatchObject({
    state: { status: 'revoked' },
  });
  expect(listed.find(({ keyAddress }) => keyAddress === kept.address)).toEqual({
    keyAddress: kept.address,
    expired: false,
    state: {
      status: 'registered',
      keyType: 'secp256k1',
      expiresS: kept.authorization.grant.expiresS,
      allowances: [
        { token: world.token, remaining: 77n },
        { token: world.devnet.tokens.alphaUsd, remaining: 0n },
      ],
      scopes: undefined,
    },
  });
  expect(await registerKey(action, gone.authorization)).toMatchObject({ ok: false });
  await world.advance(700);
  const later = await listKeys(world.chain, address, { tokens: [] });
  expect(later.keys.filter(({ expired }) => expired)).toHaveLength(2);
});

const strangers = Array.from({ length: 3 }, (_, index) => `0x${String(index + 1).repeat(40)}` as const);
const scopes: readonly (readonly KeyScope[])[] = [
  [],
  [{ target: '0x20c0000000000000000000000000000000000000', selectors: [] }],
  [
    {
      target: '0x20c0000000000000000000000000000000000000',
      selectors: [
        { selector: '0x95777d59', recipients: strangers },
        { selector: '0xa9059cbb', recipients: strangers.slice(0, 1) },
      ],
    },
    {
      target: '0x20c0000000000000000000000000000000000001',
      selectors: [{ selector: '0x95777d59', recipients: [] }],
    },
  ],
];

test.each(scopes.map((scope) => [scope]))(
  'gas is enough for every kind of permission (%#)',
  async (given) => {
    const { action, newKey, address } = await owner();
    const limits = [
      { token: world.token, limit: 5n, periodS: 60 },
      { token: world.devnet.tokens.betaUsd, limit: 6n },
    ];
    const key = await newKey({ scopes: given, limits });
    expect(await registerKey(action, key.authorization)).toMatchObject({ ok: true });
    const { state } = await readKey(world.chain, address, key.address, [world.token]);
    expect(state).toMatchObject({ status: 'registered', scopes: given });
  },
);

test('the fee is bounded, the chain must be the right one, and the account must be able to pay', async () => {
  const { action, newKey } = await owner();
  const { authorization } = await newKey();
  await world.usualFees();
  expect(await registerKey({ ...action, maxFee: 1n }, authorization)).toMatchObject({
    code: 'fee_above_limit',
  });
  expect(await registerKey({ ...action, chainId: 4217 }, authorization)).toMatchObject({
    code: 'chain_mismatch',
  });
  const poor = await owner(10n);
  await world.usualFees();
  const theirs = await poor.newKey();
  expect(await registerKey(poor.action, theirs.authorization)).toMatchObject({ code: 'insufficient_funds' });
});

test('a permission that somebody else has signed is refused by the chain', async () => {
  const { action, newKey, address } = await owner();
  const { authorization, address: keyAddress } = await newKey();
  const forged = await signKeyAuthorization(newPrivateKey(), authorization.grant);
  expect(await registerKey(action, forged)).toMatchObject({ ok: false });
  expect((await readKey(world.chain, address, keyAddress, [])).state).toEqual({ status: 'missing' });
});

test('a registered key is given other limits, periodic ones stay so, and everything else stays as it is', async () => {
  const { action, newKey, address } = await owner();
  const { betaUsd } = world.devnet.tokens;
  const periodic = await newKey({ limits: [{ token: world.token, limit: 5n, periodS: 86_400 }] });
  for (const key of [await newKey(), periodic]) {
    await registerKey(action, key.authorization);
    const tokens = [world.token, betaUsd];
    const before = (await readKey(world.chain, address, key.address, tokens)).state;
    const limits = [
      { token: world.token, limit: 1_000n },
      { token: betaUsd, limit: 9n },
    ];
    expect(await setKeyLimits(action, key.address, limits)).toMatchObject({ ok: true });
    const { state: after } = await readKey(world.chain, address, key.address, tokens);
    if (before.status !== 'registered' || after.status !== 'registered') throw new Error('not registered');
    expect(after.allowances?.map(({ remaining }) => remaining)).toEqual([1_000n, 9n]);
    expect([after.expiresS, after.keyType, after.scopes]).toEqual([
      before.expiresS,
      before.keyType,
      before.scopes,
    ]);
    expect(after.allowances?.[0]?.periodEndsS === undefined).toBe(
      before.allowances?.[0]?.periodEndsS === undefined,
    );
  }
});

const raised: readonly {
  readonly name: string;
  readonly from: bigint;
  readonly fresh: number;
  readonly known: boolean;
}[] = [
  { name: 'one token that it had no limit of', from: 5n, fresh: 1, known: false },
  { name: 'its only limit, from zero', from: 0n, fresh: 0, known: true },
  { name: 'two tokens that it had no limits of', from: 5n, fresh: 2, known: false },
  { name: 'three tokens, all from nothing', from: 0n, fresh: 2, known: true },
];

test.each(raised)('gas is enough for other limits: $name', async ({ from, fresh, known }) => {
  const { action, newKey, address } = await owner();
  const key = await newKey({ limits: [{ token: world.token, limit: from }] });
  expect(await registerKey(action, key.authorization)).toMatchObject({ ok: true });
  const { betaUsd, thetaUsd } = world.devnet.tokens;
  const tokens = [...(known ? [world.token] : []), ...[betaUsd, thetaUsd].slice(0, fresh)];
  const limits = tokens.map((token) => ({ token, limit: 1_000n }));
  expect(await setKeyLimits(action, key.address, limits)).toMatchObject({ ok: true });
  const { state } = await readKey(world.chain, address, key.address, tokens);
  expect(state).toMatchObject({ allowances: tokens.map((token) => ({ token, remaining: 1_000n })) });
  expect(await revokeKey(action, key.address)).toMatchObject({ ok: true });
});

test('the limits of a key that is not registered cannot be changed, and the fee of the try is told', async () => {
  const { action, newKey } = await owner();
  const { address } = await newKey();
  const tried = await setKeyLimits(action, address, [{ token: world.token, limit: 1n }]);
  expect(tried).toMatchObject({ ok: false, code: 'reverted' });
  expect(tried.ok || tried.detail).toMatch(/for a fee of [0-9.]+ pathUSD$/);
});

test('nobody but the account itself revokes its keys', async () => {
  const [one, two] = [await owner(), await owner()];
  const { authorization, address: keyAddress } = await one.newKey();
  await registerKey(one.action, authorization);
  expect(await revokeKey(two.action, keyAddress)).toMatchObject({ ok: false });
  expect((await readKey(world.chain, one.address, keyAddress, [])).state.status).toBe('registered');
});

test('balances are read for everybody, in the order asked', async () => {
  const { address } = await world.person(12n);
  const { pathUsd, thetaUsd } = world.devnet.tokens;
  expect(await readBalances(world.chain, address, [thetaUsd, pathUsd])).toEqual([
    { token: thetaUsd, balance: 0n },
    { token: pathUsd, balance: 12n },
  ]);
});

test('the keychain is where the library has it', async () => {
  const { Addresses } = await import('viem/tempo');
  expect(Addresses.accountKeychain.toLowerCase()).toBe(keychain);
});
