import type { PayOutcome } from '@farebox/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signKeyAuthorization } from '../accounts/key-authorization.js';
import { registerKey, revokeKey } from '../accounts/manage-keys.js';
import { memoryLease } from '../accounts/provisioning-lease.js';
import { type KeyOptions, openHousehold } from '../accounts/testing/access-key-household.js';
import { chargeRequest, openTempoWorld, settle, type TempoWorld } from '../accounts/testing/tempo-world.js';
import { type Address, isHex } from '../chain/hex.js';

let world: TempoWorld;
beforeAll(async () => {
  world = await openTempoWorld();
});
afterAll(() => world.close());

/** A root account with funds, and an access key that its owner has allowed something, on paper. */
const household = (options: KeyOptions = {}) => openHousehold(world, options);

/** A charge of so much, to somebody who holds the token already, so that fees are usual. */
async function charge(amount: bigint, details = {}, recipient?: Address) {
  const merchant = recipient ?? (await world.person(1n)).address;
  await world.usualFees();
  return world.challenge(chargeRequest(world, amount, merchant, details));
}

function code(outcome: PayOutcome): string {
  return outcome.kind === 'not-paid' ? outcome.code : outcome.kind;
}

function detail(outcome: PayOutcome): string {
  return outcome.kind === 'paid' ? '' : outcome.detail;
}

test('a registered key pays from the root account, and price and fee count against its limit', async () => {
  const home = await household();
  await home.register();
  const before = await world.balance(home.root.address);
  const outcome = await home.buyer().pay(await charge(100_000n), world.limits());
  expect((await settle(world, outcome)).succeeded).toBe(true);
  if (outcome.kind !== 'paid') throw new Error('not paid');
  const spent = before - (await world.balance(home.root.address));
  expect(spent).toBeGreaterThan(100_000n);
  expect(spent).toBeLessThanOrEqual(100_000n + outcome.fee.amount);
  expect(await home.left()).toBe(500_000n - spent);
  expect(outcome.source).toBe(`did:pkh:eip155:4217:${home.root.address}`);
});

test('an access key pays with one question to the node', async () => {
  const home = await household();
  await home.register();
  const challenge = await charge(1n);
  world.proxy.asked.length = 0;
  expect(code(await home.buyer().pay(challenge, world.limits()))).toBe('paid');
  expect(world.proxy.asked).toEqual(['eth_call']);
});

test('an unregistered key is named as the cause, with the way out; the challenge is not blamed and nothing is spent', async () => {
  const home = await household();
  const challenge = await charge(100_000n);
  const outcome = await home.buyer().pay(challenge, world.limits());
  expect(code(outcome)).toBe('key_not_registered');
  expect(detail(outcome)).toContain('AccountKeychainError(KeyNotFound)');
  expect(detail(outcome)).toContain(home.keyAddress);
  expect(detail(outcome)).toContain(home.root.address);
  expect(detail(outcome)).toMatch(/challenge is in order/);
  expect(detail(outcome)).toMatch(/farebox wallet tempo authorize/);
  expect(await world.balance(home.root.address)).toBe(10_000_000n);
});

test('a key of another account is unregistered for this one', async () => {
  const [ours, theirs] = [await household(), await household()];
  await theirs.register();
  const stolen = { ...theirs.plain, address: ours.root.address, keyType: 'secp256k1' as const };
  const outcome = await ours
    .buyer({
      account: {
        ...stolen,
        signTransaction: () => Promise.reject(new Error('must not sign')),
        signTypedData: () => Promise.reject(new Error('must not sign')),
      },
    })
    .pay(await charge(1n), world.limits());
  expect(code(outcome)).toBe('key_not_registered');
});

test('an expired key is refused by the chain’s clock, before a fee is burnt', async () => {
  const home = await household({ lifeS: 100 });
  await home.register();
  expect(code(await home.buyer().pay(await charge(1n), world.limits()))).toBe('paid');
  await world.advance(101);
  const before = await world.balance(home.root.address);
  const outcome = await home.buyer().pay(await charge(1n), world.limits());
  expect(code(outcome)).toBe('key_expired');
  expect(detail(outcome)).toContain('AccountKeychainError(KeyExpired)');
  expect(await world.balance(home.root.address)).toBe(before);
});

test('a revoked key is refused, and cannot be registered again', async () => {
  const home = await household();
  await home.register();
  expect(await revokeKey(home.rootAction, home.keyAddress)).toMatchObject({ ok: true });
  const before = await world.balance(home.root.address);
  const outcome = await home.buyer().pay(await charge(1n), world.limits());
  expect(code(outcome)).toBe('key_revoked');
  expect(detail(outcome)).toContain('AccountKeychainError(KeyAlreadyRevoked)');
  expect(await world.balance(home.root.address)).toBe(before);
  // The permission that it once had does not help.
  const again = home.buyer({ account: home.carrying, lease: memoryLease() });
  expect(code(await again.pay(await charge(1n), world.limits()))).toBe('key_revoked');
  expect(await registerKey(home.rootAction, home.authorization)).toMatchObject({ ok: false });
});

test('over the limit, and exactly at it without room for the fee: refused before a fee is burnt', async () => {
  const home = await household({ limit: 100_000n });
  await home.register();
  const before = await world.balance(home.root.address);
  for (const amount of [100_001n, 100_000n, 99_000n]) {
    const pay = async () => home.buyer().pay(await charge(amount), world.limits());
    const outcome = await world.atUsualFees(pay);
    expect(code(outcome)).toBe('key_limit_exceeded');
    expect(detail(outcome)).toContain('AccountKeychainError(SpendingLimitExceeded)');
  }
  expect(await world.balance(home.root.address)).toBe(before);
  expect(await home.left()).toBe(100_000n);
  const fits = await home.buyer().pay(await charge(95_000n), world.limits());
  expect((await settle(world, fits)).succeeded).toBe(true);
});

test('with a sponsor the whole limit can be spent', async () => {
  const home = await household({ limit: 100_000n });
  await home.register();
  const sponsored = { feePayer: true };
  expect(code(await home.buyer().pay(await charge(100_001n, sponsored), world.limits()))).toBe(
    'key_limit_exceeded',
  );
  const outcome = await home.buyer().pay(await charge(100_000n, sponsored), world.limits());
  expect(outcome).toMatchObject({ kind: 'paid', fee: { amount: 0n } });
});

test('a limit for another token is no limit for this one', async () => {
  const home = await household();
  const other = await signKeyAuthorization(home.root.privateKey, {
    ...home.authorization.grant,
    limits: [{ token: world.devnet.tokens.alphaUsd, limit: 1_000_000n }],
  });
  expect(await registerKey(home.rootAction, other)).toMatchObject({ ok: true });
  expect(code(await home.buyer().pay(await charge(1n), world.limits()))).toBe('key_limit_exceeded');
});

test('a periodic limit: used up, named with the time it comes back, and back then', async () => {
  const home = await household({ limit: 100_000n, periodS: 600, lifeS: 36_000 });
  await home.register();
  const first = await home.buyer().pay(await charge(80_000n), world.limits());
  expect((await settle(world, first)).succeeded).toBe(true);
  const refused = await home.buyer().pay(await charge(80_000n), world.limits());
  expect(code(refused)).toBe('key_limit_exceeded');
  expect(detail(refused)).toMatch(/more from \d{4}-\d\d-\d\dT/);
  await world.advance(601);
  const second = await home.buyer().pay(await charge(80_000n), world.limits());
  expect((await settle(world, second)).succeeded).toBe(true);
});

test('a key scoped to one recipient pays that one and nobody else', async () => {
  const friend = (await world.person(1n)).address;
  const home = await household({ recipients: [friend] });
  await home.register();
  const before = await world.balance(home.root.address);
  const outcome = await home.buyer().pay(await charge(1_000n), world.limits());
  expect(code(outcome)).toBe('key_scope_exceeded');
  expect(detail(outcome)).toContain('AccountKeychainError(CallNotAllowed)');
  // A split to a stranger is a call of its own.
  const split = { splits: [{ amount: '1', recipient: (await world.person(1n)).address }] };
  expect(code(await home.buyer().pay(await charge(1_000n, split, friend), world.limits()))).toBe(
    'key_scope_exceeded',
  );
  expect(await world.balance(home.root.address)).toBe(before);
  const allowed = await home.buyer().pay(await charge(1_000n, {}, friend), world.limits());
  expect((await settle(world, allowed)).succeeded).toBe(true);
  expect(await world.balance(friend)).toBe(1_001n);
});

test('a P-256 access key pays', async () => {
  const home = await household({ keyType: 'p256' });
  await home.register();
  const outcome = await home.buyer().pay(await charge(1_000n), world.limits());
  expect((await settle(world, outcome)).succeeded).toBe(true);
});

test('a proof needs an active key too', async () => {
  const home = await household();
  const challenge = world.challenge(chargeRequest(world, 0n, home.root.address));
  expect(code(await home.buyer().pay(challenge, world.limits()))).toBe('key_not_registered');
  await home.register();
  const outcome = await home.buyer().pay(challenge, world.limits());
  expect(outcome).toMatchObject({ kind: 'paid', payload: { type: 'proof' } });
  // A keychain signature: type 4, then the account.
  if (outcome.kind !== 'paid' || !isHex(outcome.payload.signature)) throw new Error('no proof');
  expect(outcome.payload.signature.slice(0, 44)).toBe(`0x04${home.root.address.slice(2)}`);
});
