import type { Challenge, KnownPayment, PayOutcome } from '@farebox/protocol';
import type { TempoAccount } from '../accounts/account.js';
import { transactionLifeS } from '../accounts/transaction.js';
import type { TempoChain } from '../chain/chain.js';
import type { Address } from '../chain/hex.js';
import type { TempoReceipt } from '../chain/receipt.js';
import { type Found, feeUnits, findPayment, type SoughtPayment } from './buyer-find.js';
import { describe, notPaid, reverted, unknown } from './buyer-outcomes.js';
import { type KnownPayload, payloads, readPayload } from './buyer-payload.js';
import { chargeCalls, chargeLifeMsMax, chooseMode, readCharge, readExpiry } from './inspect.js';
import type { TempoChargeRequest } from './request.js';
import { payerSource } from './source.js';
import { expectedTransfers } from './transfers.js';

/** How far the clocks of wallet and chain may differ without a payment being missed, seconds. */
const clockToleranceS = 120;

/** What resuming needs of a buyer. */
export interface Resumer {
  readonly account: TempoAccount;
  readonly chain: TempoChain;
  readonly chainId: number;
  readonly feeToken?: Address;
  readonly push?: boolean;
  readonly clientName?: string;
}

/** What is known of a payment before the chain is asked. */
interface Case {
  readonly challenge: Challenge;
  readonly request: TempoChargeRequest;
  readonly mode: 'pull' | 'push';
  readonly known: KnownPayment;
  readonly payload: KnownPayload | undefined;
}

/**
 * Finds out what became of a payment. Never pays, never signs. What is certain and why:
 *
 * - `paid`: the transfer with this challenge's memo is in a block.
 * - `not-paid`: it is in no block, and the chain's clock has passed the last moment at which it could have been. Or:
 *   only the seller could have carried it out, and the seller was never given it.
 * - `unknown`: everything else. The signed bytes may be presented again; they can be carried out once only.
 */
export async function resumePayment(
  resumer: Resumer,
  challenge: Challenge,
  known: KnownPayment,
): Promise<PayOutcome> {
  const read = readCharge(challenge);
  if (!read.ok) return unknown(`The challenge of this payment cannot be read: ${read.detail}`);
  const request = read.value;
  if (request.chainId !== resumer.chainId) {
    return unknown(`This wallet pays on the chain ${resumer.chainId}; resume with the wallet that paid`);
  }
  const payload = known.payload && readPayload(known.payload);
  if (payload && !payload.ok) return unknown(payload.detail);
  const mode = chooseMode(request, resumer.push ?? false);
  if (!mode.ok) return unknown(`This wallet cannot have paid this challenge: ${mode.detail}`);
  if (mode.value === 'proof') {
    if (known.payload === undefined)
      return notPaid('nothing_to_pay', 'This challenge asks for a signature and no money; nothing was spent');
    return proofOutcome(resumer, challenge, request, known.payload);
  }
  if (mode.value === 'pull' && known.presented === false && payload?.value.type !== 'hash') {
    return notPaid('never_presented', 'The signed payment never left this machine, so nothing was spent');
  }
  return trackPayment(resumer, { challenge, request, mode: mode.value, known, payload: payload?.value });
}

function proofOutcome(
  { account, chainId }: Resumer,
  challenge: Challenge,
  { currency }: TempoChargeRequest,
  payload: NonNullable<KnownPayment['payload']>,
): PayOutcome {
  const nothing = { amount: 0n, currency };
  return {
    kind: 'paid',
    payload,
    reference: challenge.id,
    paid: nothing,
    fee: nothing,
    source: payerSource({ chainId, address: account.address }),
  };
}

async function trackPayment(resumer: Resumer, payment: Case): Promise<PayOutcome> {
  const sought = soughtPayment(resumer, payment);
  if (typeof sought === 'string') return unknown(sought);
  let found: Found;
  let undone: TempoReceipt | undefined;
  try {
    found = await findPayment(resumer.chain, sought);
    if (found.kind !== 'made') undone = await findReverted(resumer.chain, payment.payload);
  } catch (error) {
    return unknown(`The node could not be asked what became of the payment (${describe(error)})`);
  }
  // Ours is the hash of bytes that no sponsor has signed: whatever it cost, the payer has paid.
  if (undone !== undefined) return reverted(feeUnits(undone), resumer.feeToken ?? payment.request.currency);
  if (found.kind === 'never') {
    return notPaid(
      'never_included',
      'The payment is not on the chain, and it has become too late for it to get there',
    );
  }
  if (found.kind === 'open') {
    const until = new Date(sought.validBefore * 1_000).toISOString();
    return unknown(`The payment is not on the chain, but it may still get there until ${until}`);
  }
  return paidOutcome(resumer, payment, found);
}

/** The very bytes that were signed, mined and taken back. The chain takes them once, so that this is the end of them. */
async function findReverted(
  chain: TempoChain,
  payload: KnownPayload | undefined,
): Promise<TempoReceipt | undefined> {
  if (payload?.type !== 'transaction') return undefined;
  const receipt = await chain.receipt(payload.hash);
  return receipt?.succeeded === false ? receipt : undefined;
}

/** What to look for; a sentence when it cannot be said. */
function soughtPayment(resumer: Resumer, payment: Case): SoughtPayment | string {
  const { challenge, request, known, payload } = payment;
  const expiry = readExpiry(challenge);
  if (!expiry.ok) return expiry.detail;
  const calls = chargeCalls(challenge, request, resumer.clientName);
  if (!calls.ok) return calls.detail;
  const [primary] = expectedTransfers(request);
  const expiresS = Math.floor(expiry.value / 1_000);
  // What is signed is never valid beyond the challenge; the kept bytes say it more narrowly.
  const validBefore = payload?.type === 'transaction' ? Math.min(payload.validBefore, expiresS) : expiresS;
  const sinceS = Math.floor((known.sinceMs ?? expiry.value - chargeLifeMsMax) / 1_000);
  const signedS = payload?.type === 'transaction' ? validBefore - transactionLifeS : sinceS;
  return {
    chainId: resumer.chainId,
    token: request.currency,
    payer: resumer.account.address,
    recipient: primary.recipient,
    amount: primary.amount,
    memo: calls.value.memo,
    fromS: signedS - clockToleranceS,
    validBefore,
  };
}

function paidOutcome(
  resumer: Resumer,
  { request, mode, known }: Case,
  { receipt }: Found & { readonly kind: 'made' },
): PayOutcome {
  const { account, chainId, feeToken = request.currency } = resumer;
  // The form in which it was presented before, so that the seller knows it again.
  const kept = mode === 'pull' ? known.payload : undefined;
  if (kept === undefined && !(request.supportedModes.includes('push') && !request.feePayer)) {
    return unknown(
      `The payment is on the chain (${receipt.transactionHash}), but what was presented for it is lost; show the seller that hash`,
    );
  }
  return {
    kind: 'paid',
    payload: kept ?? payloads.hash(receipt.transactionHash),
    reference: receipt.transactionHash,
    paid: { amount: request.amount, currency: request.currency },
    fee: { amount: request.feePayer ? 0n : feeUnits(receipt), currency: feeToken },
    source: payerSource({ chainId, address: account.address }),
  };
}
