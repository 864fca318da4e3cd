import { type Amount, type Result, refuse } from '@farebox/protocol';
import type { TempoAccount } from '../accounts/account.js';
import { paymentGas } from '../accounts/gas.js';
import type { KeyAuthorization } from '../accounts/key-authorization.js';
import {
  checkKeyActive,
  checkKeyAllows,
  type KeyIdentity,
  remaining,
  stateAfter,
} from '../accounts/key-check.js';
import type { KeyState } from '../accounts/key-state.js';
import { showUnits } from '../accounts/show-units.js';
import type { Snapshot, SnapshotQuestions } from '../accounts/snapshot.js';
import {
  attodollarsPerUnit,
  expiringNonce,
  type PaymentTransaction,
  transactionLifeS,
  worstFee,
} from '../accounts/transaction.js';
import type { Address } from '../chain/hex.js';
import { isOfToken } from './buyer-limits.js';
import type { InspectedCharge } from './inspect.js';

/** Least time that a signed transaction must be valid for the seller to broadcast it, seconds. */
export const transactionLifeMinS = 5;
/** How far a node's newest block may be behind our clock before it counts as stuck, seconds. */
export const nodeLagMaxS = 20;
/** How far the base fee may rise before a signed transaction is mined. */
const baseFeeHeadroom = 2n;

/** What a plan is made for. */
export interface PlanContext {
  readonly account: TempoAccount;
  readonly charge: InspectedCharge;
  /** The token that fees are paid in, unless the seller pays them. */
  readonly feeToken: Address;
  readonly maxFee: Amount;
}

/** A transaction that may be signed: the chain was asked, and every limit holds. */
export interface PaymentPlan {
  readonly transaction: PaymentTransaction;
  /** The most that it can cost in fees, base units of the fee token; 0 when the seller pays them. */
  readonly feeMax: bigint;
  /** Set when the transaction must carry the key's permission; then only one such may be on its way. */
  readonly authorization?: KeyAuthorization;
}

/** All that must be known of the chain for a plan. */
export function planQuestions({ account, charge, feeToken }: PlanContext): SnapshotQuestions {
  const { token, inspection } = charge;
  const tokens = token === feeToken || inspection.sponsored ? [token] : [token, feeToken];
  return {
    balances: [
      ...[token, feeToken].map((of) => ({ token: of, holder: account.address })),
      ...inspection.payees.map(({ payee }) => ({ token, holder: payee })),
    ],
    ...(account.accessKey && {
      key: { account: account.address, keyAddress: account.accessKey.address, tokens },
    }),
  };
}

/** The key that signs, where it is not the account's own. */
export function keyIdentity({ address, keyType, accessKey }: TempoAccount): KeyIdentity | undefined {
  return accessKey && { keyAddress: accessKey.address, keyType, rootAccount: address };
}

/**
 * Decides from one block of the chain whether a charge can be paid within the limits, and how. Pure. Refuses with the
 * cause before anything is signed, so that no fee is burnt on what the chain would refuse.
 *
 * Codes: `chain_mismatch`, `node_behind`, `challenge_expired`, those of {@link checkKeyActive},
 * {@link checkKeyAllows} and {@link stateAfter}, `fee_limit_malformed`, `fee_above_limit`, `insufficient_funds`.
 */
export function planPayment(context: PlanContext, snapshot: Snapshot, nowMs: number): Result<PaymentPlan> {
  const { account, charge, feeToken } = context;
  const { inspection, calls, token } = charge;
  const times = planTimes(inspection, snapshot, nowMs);
  if (!times.ok) return times;
  const signer = planSigner(context, snapshot);
  if (!signer.ok) return signer;
  const { state, authorization } = signer.value;
  const holders = inspection.payees.map((_payee, index) => (snapshot.balances[index + 2] ?? 0n) > 0n);
  const gas = paymentGas({
    holders,
    keyType: account.keyType,
    accessKey: account.accessKey !== undefined,
    scoped: state?.status === 'registered' && state.scopes !== undefined,
    ...(authorization && { grant: authorization.grant }),
  });
  const price = inspection.price.amount;
  const feeCap = inspection.sponsored
    ? sponsoredFee(price, token, snapshot)
    : ownFee(context, snapshot, state, gas);
  if (!feeCap.ok) return feeCap;
  const maxFeePerGas = feeCap.value;
  const feeMax = inspection.sponsored ? 0n : worstFee(gas, maxFeePerGas);
  const key = keyIdentity(account);
  if (key && state) {
    const spendings =
      inspection.sponsored || feeToken === token
        ? [{ token, amount: price + feeMax }]
        : [
            { token, amount: price },
            { token: feeToken, amount: feeMax },
          ];
    const allows = checkKeyAllows(state, key, calls, spendings);
    if (!allows.ok) return allows;
  }
  const transaction: PaymentTransaction = {
    ...expiringNonce,
    chainId: inspection.chainId,
    calls,
    validBefore: times.value,
    gas,
    maxFeePerGas,
    maxPriorityFeePerGas: 0n,
    ...(inspection.sponsored ? { feePayer: true } : { feeToken }),
    ...(authorization && { keyAuthorization: authorization.signed }),
  };
  return { ok: true, value: { transaction, feeMax, ...(authorization && { authorization }) } };
}

/** Until when the transaction is valid, seconds since the epoch, by the chain's clock. */
function planTimes(
  { chainId, expiresMs }: InspectedCharge['inspection'],
  snapshot: Snapshot,
  nowMs: number,
): Result<number> {
  if (snapshot.chainId !== chainId) {
    return refuse(
      'chain_mismatch',
      `The node is on the chain ${snapshot.chainId}, this wallet pays on ${chainId}`,
    );
  }
  const behindS = Math.floor(nowMs / 1_000) - snapshot.timeS;
  if (behindS > nodeLagMaxS) {
    return refuse(
      'node_behind',
      `The newest block of the Tempo node is ${behindS} seconds old; a payment signed now would be invalid. Check the node, or this machine's clock`,
    );
  }
  // Never valid beyond the challenge (draft-tempo-charge-00 §"Request Schema"), nor beyond what the chain takes.
  const validBefore = Math.min(snapshot.timeS + transactionLifeS, Math.floor(expiresMs / 1_000));
  if (validBefore - snapshot.timeS < transactionLifeMinS) {
    return refuse('challenge_expired', "By the chain's clock the challenge has expired or is about to");
  }
  return { ok: true, value: validBefore };
}

/** What the chain will say of the key when the payment arrives. */
function planSigner(
  { account, charge }: PlanContext,
  snapshot: Snapshot,
): Result<{ readonly state?: KeyState; readonly authorization?: KeyAuthorization }> {
  const key = keyIdentity(account);
  if (key === undefined || snapshot.key === undefined) return { ok: true, value: {} };
  const authorization = account.accessKey?.authorization;
  // A sponsor would pay many times the fee for the registration, and refuses it; the key is registered first then.
  if (snapshot.key.status !== 'missing' || authorization === undefined || charge.inspection.sponsored) {
    const active = checkKeyActive(snapshot.key, key, snapshot.timeS);
    return active.ok ? { ok: true, value: { state: snapshot.key } } : active;
  }
  const later = stateAfter(authorization, key, snapshot.chainId);
  if (!later.ok) return later;
  const active = checkKeyActive(later.value, key, snapshot.timeS);
  return active.ok ? { ok: true, value: { state: later.value, authorization } } : active;
}

/** What the seller may pay per gas at most. It costs us nothing; the seller has limits of its own. */
function sponsoredFee(price: bigint, token: Address, snapshot: Snapshot): Result<bigint> {
  const [balance = 0n] = snapshot.balances;
  if (balance < price) return insufficient(price, token, balance);
  return { ok: true, value: snapshot.baseFeePerGas * baseFeeHeadroom };
}

/**
 * What may be paid per gas: with headroom where the limits allow it, and never less than the chain asks now. The chain
 * takes the worst fee before the transfer and gives back the rest, so the account and the key must have room for it.
 */
function ownFee(
  { charge, feeToken, maxFee }: PlanContext,
  snapshot: Snapshot,
  state: KeyState | undefined,
  gas: bigint,
): Result<bigint> {
  const price = charge.inspection.price.amount;
  const { token } = charge;
  if (!isOfToken(maxFee, feeToken)) {
    return refuse(
      'fee_limit_malformed',
      `The fee limit must be in the token that fees are paid in, ${feeToken}`,
    );
  }
  const least = worstFee(gas, snapshot.baseFeePerGas);
  if (least > maxFee.amount) {
    return refuse(
      'fee_above_limit',
      `The fee can come to ${showUnits(least, feeToken)}, the limit is ${showUnits(maxFee.amount, feeToken)}; raise limits.fee of the wallet's policy, or --max-fee where you gave less, if that is right`,
    );
  }
  const [balance = 0n, feeBalance = 0n] = snapshot.balances;
  const priceInFeeToken = feeToken === token ? price : 0n;
  if (balance < price) return insufficient(price, token, balance);
  if (feeBalance < priceInFeeToken + least)
    return insufficient(priceInFeeToken + least, feeToken, feeBalance);
  const keyRoom = state && remaining(state, feeToken);
  const rooms = [maxFee.amount, feeBalance - priceInFeeToken];
  // A key without room for the least fee is refused by the check of its limits, which names it.
  if (keyRoom && keyRoom.remaining >= priceInFeeToken + least)
    rooms.push(keyRoom.remaining - priceInFeeToken);
  const room = rooms.reduce((a, b) => (a < b ? a : b));
  const affordable = (room * attodollarsPerUnit) / gas;
  const wanted = snapshot.baseFeePerGas * baseFeeHeadroom;
  return { ok: true, value: affordable < wanted ? affordable : wanted };
}

function insufficient(needed: bigint, token: Address, balance: bigint): ReturnType<typeof refuse> {
  return refuse(
    'insufficient_funds',
    `The account has ${showUnits(balance, token)}; price and fee can come to ${showUnits(needed, token)}. Fund it and try again`,
  );
}

/** Whether the key that signs a proof may sign now; true for an account's own key, without asking. */
export async function checkProofSigner(
  account: TempoAccount,
  chainId: number,
  read: (questions: SnapshotQuestions) => Promise<Snapshot>,
): Promise<Result<true>> {
  const key = keyIdentity(account);
  if (key === undefined) return { ok: true, value: true };
  const snapshot = await read({ key: { account: key.rootAccount, keyAddress: key.keyAddress, tokens: [] } });
  if (snapshot.chainId !== chainId) {
    return refuse(
      'chain_mismatch',
      `The node is on the chain ${snapshot.chainId}, this wallet pays on ${chainId}`,
    );
  }
  if (snapshot.key === undefined) return { ok: true, value: true };
  return checkKeyActive(snapshot.key, key, snapshot.timeS);
}
