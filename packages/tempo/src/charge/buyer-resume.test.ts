import type { PayOutcome } from '@farebox/protocol';
import { Account, Transaction } from 'viem/tempo';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  chargeRequest,
  openTempoWorld,
  settle,
  signedBytes,
  type TempoWorld,
} from '../accounts/testing/tempo-world.js';
import { type Hex, isHex } from '../chain/hex.js';
import { type TempoBuyerOptions, tempoBuyer } from './buyer.js';
import { findPayment } from './buyer-find.js';
import { attributionMemo } from './memo.js';

let world: TempoWorld;
beforeAll(async () => {
  world = await openTempoWorld();
});
afterAll(() => world.close());

/** A payer, and makers of buyers as new processes with the same key would have them. */
async function payer(options: Partial<TempoBuyerOptions> = {}) {
  const person = await world.person(1_000_000n);
  const newBuyer = (more: Partial<TempoBuyerOptions> = {}) =>
    tempoBuyer({
      account: person.account,
      chain: world.chain,
      chainId: world.devnet.chainId,
      currencies: [world.token],
      now: world.now,
      ...options,
      ...more,
    });
  return { ...person, buyer: newBuyer(), newBuyer };
}

async function signedCharge(details = {}) {
  const party = await payer();
  const merchant = await world.person();
  const challenge = world.challenge(chargeRequest(world, 1_000n, merchant.address, details));
  const outcome = await party.buyer.pay(challenge, world.limits());
  if (outcome.kind !== 'paid') throw new Error(JSON.stringify(outcome));
  return { ...party, merchant, challenge, outcome };
}

function code(outcome: PayOutcome): string {
  return outcome.kind === 'not-paid' ? outcome.code : outcome.kind;
}

test('presented and carried out, answer lost: paid, with the same bytes and the fee that it really was', async () => {
  const { challenge, outcome, newBuyer, address } = await signedCharge();
  await settle(world, outcome);
  const resumed = await newBuyer().resume(challenge, { payload: outcome.payload, presented: true });
  expect(resumed).toMatchObject({
    kind: 'paid',
    payload: outcome.payload,
    paid: outcome.paid,
    source: outcome.source,
  });
  if (resumed.kind !== 'paid') throw new Error('not paid');
  expect(1_000_000n - 1_000n - resumed.fee.amount).toBe(await world.balance(address));
});

test('signed and not carried out: unknown while it can be, certainly not paid after, and the chain agrees', async () => {
  const { challenge, outcome, newBuyer, merchant } = await signedCharge();
  const known = { payload: outcome.payload, presented: true };
  expect(code(await newBuyer().resume(challenge, known))).toBe('unknown');
  await world.advance(20);
  expect(code(await newBuyer().resume(challenge, known))).toBe('unknown');
  await world.advance(20);
  expect(code(await newBuyer().resume(challenge, known))).toBe('never_included');
  await expect(settle(world, outcome)).rejects.toThrow();
  expect(await world.balance(merchant.address)).toBe(0n);
});

test('mined and taken back: certainly not paid at once, and the fee is told', async () => {
  const party = await payer();
  const merchant = await world.person(1n);
  await world.usualFees();
  // Each of the two fits, both together do not.
  const [first, second] = [1, 2].map(() => world.challenge(chargeRequest(world, 600_000n, merchant.address)));
  if (first === undefined || second === undefined) throw new Error('no challenges');
  const limits = world.limits({ fee: 300_000n });
  const [one, two] = [await party.buyer.pay(first, limits), await party.buyer.pay(second, limits)];
  expect((await settle(world, one)).succeeded).toBe(true);
  const receipt = await settle(world, two);
  expect(receipt.succeeded).toBe(false);
  if (two.kind !== 'paid') throw new Error('not signed');
  const known = { payload: two.payload, presented: true };
  const outcome = await party.newBuyer().resume(second, known);
  if (one.kind !== 'paid' || outcome.kind !== 'not-paid') throw new Error(outcome.kind);
  expect(outcome.code).toBe('reverted');
  // What is told is what is gone: both fees and one price.
  const paid = await party.newBuyer().resume(first, { payload: one.payload, presented: true });
  if (paid.kind !== 'paid') throw new Error(paid.kind);
  const gone = 1_000_000n - (await world.balance(party.address));
  expect(outcome.fee).toEqual({ amount: gone - 600_000n - paid.fee.amount, currency: world.token });
  expect(outcome.fee?.amount).toBeGreaterThan(0n);
  expect(await world.balance(merchant.address)).toBe(600_001n);
});

test('after a certain "not paid" the same challenge may be paid, once', async () => {
  const { challenge, outcome, buyer, merchant } = await signedCharge();
  await world.advance(40);
  expect(code(await buyer.pay(challenge, world.limits()))).toBe('unknown');
  expect(code(await buyer.resume(challenge, { payload: outcome.payload }))).toBe('never_included');
  const again = await buyer.pay(challenge, world.limits());
  expect((await settle(world, again)).succeeded).toBe(true);
  await expect(settle(world, outcome)).rejects.toThrow();
  expect(await world.balance(merchant.address)).toBe(1_000n);
});

test('what never left this machine was never paid', async () => {
  const { challenge, newBuyer, outcome } = await signedCharge();
  expect(code(await newBuyer().resume(challenge, { presented: false }))).toBe('never_presented');
  const known = { payload: outcome.payload, presented: false };
  expect(code(await newBuyer().resume(challenge, known))).toBe('never_presented');
});

test('by the challenge alone: found on the chain, or certain only when the challenge has expired', async () => {
  const lost = await signedCharge();
  await settle(world, lost.outcome);
  const found = await lost.newBuyer().resume(lost.challenge);
  // Only the seller can tell this one from another: what it was presented with is gone.
  expect(found).toMatchObject({ kind: 'unknown', detail: expect.stringMatching(/0x[0-9a-f]{64}/) });

  const open = await signedCharge();
  await world.advance(60);
  expect(code(await open.newBuyer().resume(open.challenge))).toBe('unknown');
  await world.advance(300);
  expect(code(await open.newBuyer().resume(open.challenge))).toBe('never_included');
});

test('a seller who takes hashes can be shown one, when the signed bytes are lost', async () => {
  const { challenge, outcome, newBuyer } = await signedCharge({ supportedModes: ['pull', 'push'] });
  const receipt = await settle(world, outcome);
  expect(await newBuyer().resume(challenge)).toMatchObject({
    kind: 'paid',
    payload: { type: 'hash', hash: receipt.transactionHash },
  });
});

test('a seller who writes the signature in another way, and so changes the hash, does not hide the payment', async () => {
  const { challenge, outcome, newBuyer } = await signedCharge();
  const bytes = signedBytes(outcome);
  // The last byte is the recovery id: 0 or 1, also written 27 or 28.
  const recovery = Number.parseInt(bytes.slice(-2), 16);
  const other = (recovery >= 27 ? recovery - 27 : recovery + 27).toString(16).padStart(2, '0');
  const disguised: Hex = `0x${bytes.slice(2, -2)}${other}`;
  expect((await world.chain.broadcast(disguised)).succeeded).toBe(true);
  const known = { payload: outcome.payload, presented: true };
  expect(code(await newBuyer().resume(challenge, known))).toBe('paid');
});

test('sponsored: the payer loses exactly the price, and the payment is found although its hash is the sponsor’s', async () => {
  const { challenge, outcome, newBuyer, address, merchant } = await signedCharge({ feePayer: true });
  expect(outcome.fee.amount).toBe(0n);
  const sponsor = await world.person(1_000_000n);
  const bytes = signedBytes(outcome);
  const feePayer = Account.fromSecp256k1(sponsor.privateKey);
  const transaction = Transaction.deserialize(`0x76${bytes.slice(4)}` as const);
  const final = await Transaction.serialize({
    ...transaction,
    from: address,
    feeToken: world.token,
    feePayer,
  });
  if (!isHex(final)) throw new Error('not bytes');
  expect((await world.chain.broadcast(final)).succeeded).toBe(true);
  expect(await world.balance(address)).toBe(999_000n);
  expect(await world.balance(merchant.address)).toBe(1_000n);
  const resumed = await newBuyer().resume(challenge, { payload: outcome.payload, presented: true });
  expect(resumed).toMatchObject({ kind: 'paid', fee: { amount: 0n } });
});

test('a node that cannot be asked, or is on another chain, proves nothing', async () => {
  const { challenge, outcome, newBuyer } = await signedCharge();
  const known = { payload: outcome.payload, presented: true };
  await world.advance(60);
  for (const lost of ['eth_call', 'eth_getLogs']) {
    world.proxy.decide = (method) => (method === lost ? 'lose-reply' : 'pass');
    expect(code(await newBuyer().resume(challenge, known))).toBe('unknown');
  }
  world.proxy.decide = () => 'pass';
  expect(code(await newBuyer({ chainId: 1337 }).resume(challenge, known))).toBe('unknown');
  expect(
    code(await newBuyer().resume(challenge, { payload: { type: 'transaction', signature: '0x76c0' } })),
  ).toBe('unknown');
  expect(code(await newBuyer().resume(challenge, known))).toBe('never_included');
});

test('somebody else’s payment with the same memo is not ours', async () => {
  const { challenge, newBuyer, merchant, outcome } = await signedCharge();
  const stranger = await payer();
  const theirs = await stranger.buyer.pay(challenge, world.limits());
  expect((await settle(world, theirs)).succeeded).toBe(true);
  expect(await world.balance(merchant.address)).toBe(1_000n);
  await world.advance(60);
  const known = { payload: outcome.payload, presented: true };
  expect(code(await newBuyer().resume(challenge, known))).toBe('never_included');
});

test('a payment is found far back in the chain, and in a search that takes several questions', async () => {
  const { challenge, outcome, newBuyer, address, merchant } = await signedCharge();
  await settle(world, outcome);
  await world.devnet.rpc('anvil_mine', ['0xc8', '0x0']);
  const known = { payload: outcome.payload, presented: true };
  expect(code(await newBuyer().resume(challenge, known))).toBe('paid');
  const sought = {
    chainId: world.devnet.chainId,
    token: world.token,
    payer: address,
    recipient: merchant.address,
    amount: 1_000n,
    memo: attributionMemo({ realm: challenge.realm, challengeId: challenge.id }),
    fromS: Math.floor(world.now() / 1_000) - 60,
    validBefore: Math.floor(world.now() / 1_000) + 60,
  };
  world.proxy.asked.length = 0;
  expect((await findPayment(world.chain, sought, 7n)).kind).toBe('made');
  expect(world.proxy.asked.filter((method) => method === 'eth_getLogs').length).toBeGreaterThan(1);
  expect((await findPayment(world.chain, { ...sought, amount: 999n }, 7n)).kind).toBe('open');
});

const push = { supportedModes: ['push'] };

test('push: paid with the hash, when it is allowed; refused when it is not', async () => {
  const { buyer, newBuyer, address } = await payer();
  const merchant = await world.person();
  const challenge = world.challenge(chargeRequest(world, 700n, merchant.address, push));
  expect(code(await buyer.pay(challenge, world.limits()))).toBe('mode_unsupported');
  const outcome = await newBuyer({ push: true }).pay(challenge, world.limits());
  if (outcome.kind !== 'paid') throw new Error(JSON.stringify(outcome));
  expect(outcome.payload.type).toBe('hash');
  expect(await world.balance(merchant.address)).toBe(700n);
  expect(await world.balance(address)).toBe(1_000_000n - 700n - outcome.fee.amount);
});

test('push: an answer lost after the broadcast is found out on the chain, and nothing is paid twice', async () => {
  const { newBuyer } = await payer();
  const merchant = await world.person();
  const challenge = world.challenge(chargeRequest(world, 700n, merchant.address, push));
  const buyer = newBuyer({ push: true });
  world.proxy.decide = (method) => (method === 'eth_sendRawTransactionSync' ? 'lose-reply' : 'pass');
  const outcome = await buyer.pay(challenge, world.limits());
  expect(outcome).toMatchObject({ kind: 'paid', payload: { type: 'hash' } });
  expect(code(await buyer.pay(challenge, world.limits()))).toBe('unknown');
  expect(await world.balance(merchant.address)).toBe(700n);
  // A new process that knows nothing but the challenge finds the same.
  expect(await newBuyer({ push: true }).resume(challenge)).toEqual(outcome);
  world.proxy.decide = () => 'pass';
});

test('push: mined and taken back is told at once, with the fee that is gone', async () => {
  const { address, newBuyer } = await payer();
  const merchant = await world.person(1n);
  await world.usualFees();
  const request = chargeRequest(world, 600_000n, merchant.address, { supportedModes: ['push'] });
  const [first, second] = [world.challenge(request), world.challenge(request)];
  // Both are planned while there is money for one.
  const outcomes = await Promise.all(
    [first, second].map((challenge) =>
      newBuyer({ push: true }).pay(challenge, world.limits({ fee: 300_000n })),
    ),
  );
  const [made] = outcomes.filter((outcome) => outcome.kind === 'paid');
  const [undone] = outcomes.filter((outcome) => outcome.kind === 'not-paid');
  if (made === undefined || undone === undefined) throw new Error(outcomes.map(code).join());
  expect(undone.code).toBe('reverted');
  const gone = 1_000_000n - (await world.balance(address));
  expect(undone.fee).toEqual({ amount: gone - 600_000n - made.fee.amount, currency: world.token });
});

test('push: a broadcast that got lost on the way is unknown, and later certainly not paid', async () => {
  const { newBuyer, address } = await payer();
  const merchant = await world.person();
  const challenge = world.challenge(chargeRequest(world, 700n, merchant.address, push));
  const buyer = newBuyer({ push: true });
  world.proxy.decide = (method) => (method === 'eth_sendRawTransactionSync' ? 'lose-request' : 'pass');
  expect(code(await buyer.pay(challenge, world.limits()))).toBe('unknown');
  world.proxy.decide = () => 'pass';
  expect(code(await buyer.resume(challenge))).toBe('unknown');
  await world.advance(40);
  expect(code(await buyer.resume(challenge))).toBe('never_included');
  expect(await world.balance(address)).toBe(1_000_000n);
});

test('a proof costs nothing and is given again', async () => {
  const { buyer, address, newBuyer } = await payer();
  const challenge = world.challenge(chargeRequest(world, 0n, address));
  const outcome = await buyer.pay(challenge, world.limits());
  if (outcome.kind !== 'paid') throw new Error('not paid');
  expect(await newBuyer().resume(challenge, { payload: outcome.payload })).toEqual(outcome);
  expect(code(await newBuyer().resume(challenge))).toBe('nothing_to_pay');
});
