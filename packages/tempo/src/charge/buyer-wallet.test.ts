import { afterAll, beforeAll, expect, test } from 'vitest';
import { openHousehold } from '../accounts/testing/access-key-household.js';
import { chargeRequest, openTempoWorld, settle, type TempoWorld } from '../accounts/testing/tempo-world.js';
import { tempoBuyer } from './buyer.js';
import { tempoInspector } from './buyer-inspector.js';

// What a wallet needs of the method beside paying.

let world: TempoWorld;
beforeAll(async () => {
  world = await openTempoWorld();
});
afterAll(() => world.close());

async function payer(funds = 1_000_000n) {
  const person = await world.person(funds);
  const { chain, token, now, devnet } = world;
  const options = { account: person.account, chain, chainId: devnet.chainId, currencies: [token], now };
  return { ...person, buyer: tempoBuyer(options) };
}

test('it says that money moves on presentation, and that is so', async () => {
  const { buyer, address } = await payer();
  const merchant = await world.person();
  const challenge = world.challenge(chargeRequest(world, 1_000n, merchant.address));
  expect(buyer.settlesOnPresentation).toBe(true);
  const outcome = await buyer.pay(challenge, world.limits());
  expect([await world.balance(address), await world.balance(merchant.address)]).toEqual([1_000_000n, 0n]);
  const receipt = await settle(world, outcome);
  expect(await world.balance(merchant.address)).toBe(1_000n);
  // What the seller's receipt will name is known before.
  if (outcome.kind !== 'paid') throw new Error('not paid');
  expect(outcome.reference).toBe(receipt.transactionHash);
  const resumed = await buyer.resume(challenge, { payload: outcome.payload, presented: true });
  expect(resumed).toMatchObject({ kind: 'paid', reference: receipt.transactionHash });
});

test('a sponsored payment names no reference before: the sponsor makes it', async () => {
  const { buyer } = await payer();
  const merchant = await world.person();
  const request = chargeRequest(world, 1_000n, merchant.address, { feePayer: true });
  const outcome = await buyer.pay(world.challenge(request), world.limits());
  expect(outcome.kind).toBe('paid');
  expect(outcome).not.toHaveProperty('reference');
});

test('a proof is named after its challenge, then and later', async () => {
  const { buyer, address } = await payer();
  const challenge = world.challenge(chargeRequest(world, 0n, address));
  const outcome = await buyer.pay(challenge, world.limits());
  expect(outcome).toMatchObject({ kind: 'paid', reference: challenge.id });
  if (outcome.kind !== 'paid') throw new Error('not paid');
  expect(await buyer.resume(challenge, { payload: outcome.payload })).toMatchObject({
    kind: 'paid',
    reference: challenge.id,
  });
});

test('balance: what the account holds, in one question, of allowed tokens on the right chain', async () => {
  const { buyer, account } = await payer(123n);
  world.proxy.asked.length = 0;
  expect(await buyer.balance(world.token.toUpperCase().replace('0X', '0x'))).toEqual({
    amount: 123n,
    currency: world.token,
  });
  expect(world.proxy.asked).toEqual(['eth_call']);
  expect(await buyer.balance('sat')).toBeUndefined();
  expect(await buyer.balance(world.devnet.tokens.alphaUsd)).toBeUndefined();
  const { chain, token } = world;
  const elsewhere = tempoBuyer({ account, chain, chainId: 1337, currencies: [token] });
  expect(await elsewhere.balance(token)).toBeUndefined();
});

test('balance of an access key: what it may still spend, or what there is if that is less', async () => {
  const home = await openHousehold(world, { limit: 500_000n });
  const buyer = home.buyer();
  // A key that may sign nothing has no balance to speak of.
  expect(await buyer.balance(world.token)).toBeUndefined();
  await home.register();
  expect(await buyer.balance(world.token)).toEqual({ amount: 500_000n, currency: world.token });
  const generous = await openHousehold(world, { limit: 10n ** 15n });
  await generous.register();
  const left = await world.balance(generous.root.address);
  expect(await generous.buyer().balance(world.token)).toEqual({ amount: left, currency: world.token });
});

test('the inspector sees what the buyer sees, and has no key', async () => {
  const { buyer } = await payer();
  const merchant = await world.person();
  const rules = { chainId: world.devnet.chainId, currencies: [world.token] };
  const inspect = tempoInspector(rules);
  const context = { nowMs: world.now() };
  for (const request of [
    chargeRequest(world, 1_000n, merchant.address),
    chargeRequest(world, 0n, merchant.address),
    { ...chargeRequest(world, 5n, merchant.address), currency: world.devnet.tokens.alphaUsd },
    chargeRequest(world, 5n, merchant.address, { chainId: 1 }),
    chargeRequest(world, 5n, merchant.address, { supportedModes: ['push'] }),
    {},
  ]) {
    const challenge = world.challenge(request);
    expect(inspect(challenge, context)).toEqual(buyer.inspect(challenge, context));
  }
});
