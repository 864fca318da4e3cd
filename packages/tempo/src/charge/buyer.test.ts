import type { PayOutcome } from '@farebox/protocol';
import { recoverTypedDataAddress } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  chargeRequest,
  openTempoWorld,
  settle,
  signedBytes,
  type TempoWorld,
} from '../accounts/testing/tempo-world.js';
import { isHex } from '../chain/hex.js';
import { type TempoBuyerOptions, tempoBuyer } from './buyer.js';
import { proofTypedData } from './proof-message.js';

let world: TempoWorld;
beforeAll(async () => {
  world = await openTempoWorld();
});
afterAll(() => world.close());

/** Someone with a million units, and the buyer that pays with them. */
async function payer(options: Partial<TempoBuyerOptions> = {}, funds = 1_000_000n) {
  const person = await world.person(funds);
  const buyer = tempoBuyer({
    account: person.account,
    chain: world.chain,
    chainId: world.devnet.chainId,
    currencies: [world.token],
    now: world.now,
    ...options,
  });
  return { ...person, buyer };
}

function code(outcome: PayOutcome): string {
  return outcome.kind === 'not-paid' ? outcome.code : outcome.kind;
}

test('a fresh wallet of its own pays: the merchant gets the price, the payer loses price and fee, no more than was said', async () => {
  const { buyer, address } = await payer();
  const merchant = await world.person();
  await world.usualFees();
  const challenge = world.challenge(chargeRequest(world, 10_000n, merchant.address));
  const outcome = await buyer.pay(challenge, world.limits());
  // Signed is not sent.
  expect(await world.balance(address)).toBe(1_000_000n);
  const receipt = await settle(world, outcome);
  expect(receipt.succeeded).toBe(true);
  expect(await world.balance(merchant.address)).toBe(10_000n);
  if (outcome.kind !== 'paid') throw new Error('not paid');
  const fee = 1_000_000n - 10_000n - (await world.balance(address));
  expect(fee).toBeGreaterThan(0n);
  expect(fee).toBeLessThanOrEqual(outcome.fee.amount);
  expect(outcome.paid).toEqual({ amount: 10_000n, currency: world.token });
  expect(outcome.source).toBe(`did:pkh:eip155:4217:${address}`);
});

test('paying with a key of its own asks the node once', async () => {
  const { buyer } = await payer();
  const merchant = await world.person();
  const challenge = world.challenge(chargeRequest(world, 1n, merchant.address));
  world.proxy.asked.length = 0;
  expect(code(await buyer.pay(challenge, world.limits()))).toBe('paid');
  expect(world.proxy.asked).toEqual(['eth_call']);
});

test('splits arrive, to the last unit', async () => {
  const { buyer, address } = await payer();
  const [merchant, platform, affiliate] = await Promise.all([world.person(), world.person(), world.person()]);
  const request = chargeRequest(world, 1_000n, merchant.address, {
    splits: [
      { amount: '50', recipient: platform.address },
      { amount: '10', recipient: affiliate.address, memo: `0x${'00'.repeat(28)}deadbeef` },
    ],
  });
  const challenge = world.challenge(request);
  const inspected = buyer.inspect(challenge, { nowMs: world.now() });
  expect(inspected).toMatchObject({
    ok: true,
    inspection: {
      price: { amount: 1_000n },
      payee: merchant.address,
      payees: [
        { payee: merchant.address, amount: { amount: 940n, currency: world.token } },
        { payee: platform.address, amount: { amount: 50n, currency: world.token } },
        { payee: affiliate.address, amount: { amount: 10n, currency: world.token } },
      ],
    },
  });
  const receipt = await settle(world, await buyer.pay(challenge, world.limits()));
  expect(receipt.succeeded).toBe(true);
  expect(
    await Promise.all([merchant, platform, affiliate].map((person) => world.balance(person.address))),
  ).toEqual([940n, 50n, 10n]);
  expect(await world.balance(address)).toBeLessThan(1_000_000n - 1_000n + 1n);
});

test('ten splits to strangers have gas enough', async () => {
  const { buyer } = await payer({}, 100_000_000n);
  const people = await Promise.all(Array.from({ length: 11 }, () => world.person()));
  const [merchant, ...others] = people.map(({ address }) => address);
  if (merchant === undefined) throw new Error('nobody');
  const splits = others.map((recipient) => ({ amount: '1', recipient, memo: `0x${'12'.repeat(32)}` }));
  const challenge = world.challenge(chargeRequest(world, 100n, merchant, { splits }));
  expect((await settle(world, await buyer.pay(challenge, world.limits()))).succeeded).toBe(true);
  expect(await world.balance(merchant)).toBe(90n);
});

test('a charge of zero is proved with a signature of the account, and nobody is asked', async () => {
  const { buyer, address } = await payer();
  const challenge = world.challenge(chargeRequest(world, 0n, address));
  world.proxy.asked.length = 0;
  const outcome = await buyer.pay(challenge, world.limits());
  expect(world.proxy.asked).toEqual([]);
  if (outcome.kind !== 'paid') throw new Error('not paid');
  expect(outcome.paid.amount).toBe(0n);
  const { type, signature } = outcome.payload;
  expect(type).toBe('proof');
  if (!isHex(signature)) throw new Error('no signature');
  const subject = { account: address, chainId: 4217, challengeId: challenge.id, realm: challenge.realm };
  const signer = await recoverTypedDataAddress({ ...proofTypedData(subject), signature });
  expect(signer.toLowerCase()).toBe(address);
});

test('nothing is signed above a limit, after a deadline or in another currency', async () => {
  const { buyer } = await payer();
  const merchant = await world.person();
  await world.usualFees();
  const challenge = world.challenge(chargeRequest(world, 10_000n, merchant.address));
  const limits = world.limits();
  const attempts = [
    [{ ...limits, maxAmount: { amount: 9_999n, currency: world.token } }, 'amount_above_limit'],
    [{ ...limits, maxAmount: { amount: 10_000n, currency: 'sat' } }, 'limit_malformed'],
    [{ ...limits, maxAmount: { amount: -1n, currency: world.token } }, 'limit_malformed'],
    [{ ...limits, maxFee: { amount: 100n, currency: world.token } }, 'fee_above_limit'],
    [{ ...limits, maxFee: { amount: 1_000_000n, currency: 'sat' } }, 'fee_limit_malformed'],
    [{ ...limits, deadlineMs: world.now() - 1 }, 'deadline_passed'],
    [{ ...limits, deadlineMs: Number.NaN }, 'deadline_passed'],
  ] as const;
  for (const [given, expected] of attempts) expect(code(await buyer.pay(challenge, given))).toBe(expected);
  // None of the refusals has used the challenge up.
  expect(code(await buyer.pay(challenge, limits))).toBe('paid');
});

test('the fee never exceeds its limit, however little headroom that leaves', async () => {
  const { buyer } = await payer();
  const merchant = await world.person(1n);
  // 72,000 gas at 20 billion attodollars: 1,440 units at least; twice that would be the usual headroom.
  const outcome = await world.atUsualFees(() => {
    const challenge = world.challenge(chargeRequest(world, 1n, merchant.address));
    return buyer.pay(challenge, world.limits({ fee: 1_500n }));
  });
  if (outcome.kind !== 'paid') throw new Error(JSON.stringify(outcome));
  expect(outcome.fee.amount).toBeGreaterThan(1_400n);
  expect(outcome.fee.amount).toBeLessThanOrEqual(1_500n);
  expect((await settle(world, outcome)).succeeded).toBe(true);
});

test('an account that cannot pay price and fee is told so before anything is signed', async () => {
  const { buyer } = await payer({}, 10_100n);
  const merchant = await world.person(1n);
  await world.usualFees();
  const poor = world.challenge(chargeRequest(world, 10_000n, merchant.address));
  expect(code(await buyer.pay(poor, world.limits()))).toBe('insufficient_funds');
  const dear = world.challenge(chargeRequest(world, 20_000n, merchant.address));
  expect(code(await buyer.pay(dear, world.limits()))).toBe('insufficient_funds');
});

test('one challenge is signed once, whoever asks at the same time', async () => {
  const { buyer } = await payer();
  const merchant = await world.person();
  const challenge = world.challenge(chargeRequest(world, 100n, merchant.address));
  const outcomes = await Promise.all([1, 2, 3].map(() => buyer.pay(challenge, world.limits())));
  expect(outcomes.map(code).sort()).toEqual(['paid', 'unknown', 'unknown']);
  expect(code(await buyer.pay(challenge, world.limits()))).toBe('unknown');
});

test('a node on another chain, or one that is stuck in the past, signs nothing', async () => {
  const merchant = await world.person();
  const other = await payer({ chainId: 42_431 });
  const request = chargeRequest(world, 1n, merchant.address, { chainId: 42_431 });
  expect(code(await other.buyer.pay(world.challenge(request), world.limits()))).toBe('chain_mismatch');
  const late = await payer({ now: () => world.now() + 60_000 });
  const challenge = world.challenge(chargeRequest(world, 1n, merchant.address));
  const limits = { ...world.limits(), deadlineMs: world.now() + 120_000 };
  expect(code(await late.buyer.pay(challenge, limits))).toBe('node_behind');
});

test('a node that does not answer costs nothing', async () => {
  const { buyer } = await payer();
  const merchant = await world.person();
  const challenge = world.challenge(chargeRequest(world, 1n, merchant.address));
  world.proxy.decide = () => 'lose-request';
  try {
    expect(code(await buyer.pay(challenge, world.limits()))).toBe('node_unreachable');
  } finally {
    world.proxy.decide = () => 'pass';
  }
  expect(code(await buyer.pay(challenge, world.limits()))).toBe('paid');
});

test('the same bytes are carried out once, however often they are presented', async () => {
  const { buyer } = await payer();
  const merchant = await world.person();
  const outcome = await buyer.pay(
    world.challenge(chargeRequest(world, 500n, merchant.address)),
    world.limits(),
  );
  expect((await settle(world, outcome)).succeeded).toBe(true);
  await settle(world, outcome).catch(() => undefined);
  expect(await world.balance(merchant.address)).toBe(500n);
});

test('no secret is in an outcome, nor in what a console would show of buyer and account', async () => {
  const { inspect } = await import('node:util');
  const { buyer, account, privateKey } = await payer();
  const merchant = await world.person();
  const outcome = await buyer.pay(
    world.challenge(chargeRequest(world, 1n, merchant.address)),
    world.limits(),
  );
  const shown = [buyer, account].map((thing) => inspect(thing, { depth: 20, showHidden: true })).join();
  expect(shown + JSON.stringify(account) + signedBytes(outcome)).not.toContain(privateKey.slice(2));
});
