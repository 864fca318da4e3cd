import type { PayOutcome } from '@farebox/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accessKeyAccount } from '../accounts/account.js';
import { newPrivateKey } from '../accounts/private-key.js';
import { memoryLease } from '../accounts/provisioning-lease.js';
import { type KeyOptions, openHousehold } from '../accounts/testing/access-key-household.js';
import { chargeRequest, openTempoWorld, settle, type TempoWorld } from '../accounts/testing/tempo-world.js';
import type { Address } from '../chain/hex.js';

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

test('the first payment carries the permission, the next does not need it', async () => {
  const friend = (await world.person(1n)).address;
  const home = await household({ recipients: [friend] });
  const buyer = home.buyer({ account: home.carrying, lease: memoryLease() });
  const first = await buyer.pay(await charge(1_000n, {}, friend), world.limits());
  expect((await settle(world, first)).succeeded).toBe(true);
  const second = await buyer.pay(await charge(1_000n, {}, friend), world.limits());
  expect((await settle(world, second)).succeeded).toBe(true);
  expect(await world.balance(friend)).toBe(2_001n);
  if (first.kind !== 'paid' || second.kind !== 'paid') throw new Error('not paid');
  expect(JSON.stringify(second.payload).length).toBeLessThan(JSON.stringify(first.payload).length);
});

test('several first payments at once: all are paid, because one waits until the other has registered the key', async () => {
  const home = await household();
  const lease = memoryLease();
  // As three processes would: nothing but the lease is shared.
  const buyers = [1, 2, 3].map(() => home.buyer({ account: home.carrying, lease }));
  const merchant = (await world.person(1n)).address;
  await world.usualFees();
  const receipts = await Promise.all(
    buyers.map(async (buyer) => {
      const challenge = world.challenge(chargeRequest(world, 1_000n, merchant));
      return settle(world, await buyer.pay(challenge, world.limits({ waitMs: 90_000 })));
    }),
  );
  expect(receipts.map(({ succeeded }) => succeeded)).toEqual([true, true, true]);
  expect(await world.balance(merchant)).toBe(3_001n);
});

test('a first payment that is never presented holds the others up only as long as it could be carried out', async () => {
  const home = await household();
  const lease = memoryLease();
  const [one, two] = [1, 2].map(() => home.buyer({ account: home.carrying, lease }));
  if (one === undefined || two === undefined) throw new Error('no buyers');
  const forgotten = await one.pay(await charge(1_000n), world.limits());
  expect(code(forgotten)).toBe('paid');
  const waiting = await two.pay(await charge(1_000n), world.limits({ waitMs: 2_000 }));
  expect(code(waiting)).toBe('key_being_registered');
  await world.advance(40);
  const next = await two.pay(await charge(1_000n), world.limits());
  expect((await settle(world, next)).succeeded).toBe(true);
  await expect(settle(world, forgotten)).rejects.toThrow();
});

test('a permission is not carried without a lease, for another key, by a sponsored payment, or beyond its own limits', async () => {
  const home = await household({ limit: 100_000n });
  expect(code(await home.buyer({ account: home.carrying }).pay(await charge(1n), world.limits()))).toBe(
    'lease_missing',
  );
  const lease = memoryLease();
  const buyer = home.buyer({ account: home.carrying, lease });
  expect(code(await buyer.pay(await charge(1n, { feePayer: true }), world.limits()))).toBe(
    'key_not_registered',
  );
  expect(code(await buyer.pay(await charge(100_000n), world.limits()))).toBe('key_limit_exceeded');
  const other = await household();
  const wrong = accessKeyAccount({
    privateKey: newPrivateKey(),
    rootAccount: home.root.address,
    authorization: other.authorization,
  });
  expect(code(await home.buyer({ account: wrong, lease }).pay(await charge(1n), world.limits()))).toBe(
    'authorization_mismatch',
  );
  expect(await world.balance(home.root.address)).toBe(10_000_000n);
});
