import { MethodUnavailable } from '@farebox/protocol';
import type { Sponsor, SponsorRequest } from '../sponsor/sponsor.js';
import { decodeTransaction, expiringNonceKey, type SignedTransaction } from '../transaction/decode.js';
import { recoverSigner } from '../transaction/signature.js';
import { type ConcludeTerms, concludeReceipt, explainRevert } from './conclude.js';
import { refusePayment, type TempoVerification } from './refusal.js';
import type { TempoChargeRequest } from './request.js';
import { type SellerContext, unavailable } from './seller-context.js';
import { type SettleOutcome, settleTransaction } from './settle.js';
import { findCallFault } from './transfer-match.js';

/**
 * How long before its last moment a transaction is no longer sent, milliseconds. A credential that comes after its
 * challenge's end is judged as of the last millisecond of it: its transaction must not be sent any more, since nothing
 * would be given for it. Whether what was mined was mined in time is the gate's to ask (`settledMs`).
 */
export const sendMarginMs = 1_000;

/** A `transaction` credential whose challenge is ours. */
export interface PullCharge {
  readonly challengeId: string;
  readonly request: TempoChargeRequest;
  readonly terms: ConcludeTerms;
  readonly expiresMs: number;
  readonly nowMs: number;
}

type Refusal = ReturnType<typeof refusePayment>;

function findValidityFault(transaction: SignedTransaction, charge: PullCharge): Refusal | undefined {
  const { validBefore, validAfter, nonceKey, nonce } = transaction;
  if (nonceKey === expiringNonceKey && (validBefore === undefined || nonce !== 0n)) {
    return refusePayment(
      'validity-window',
      'A transaction with an expiring nonce needs validBefore, and the nonce 0',
    );
  }
  if (validBefore !== undefined && validBefore * 1_000 > charge.expiresMs) {
    return refusePayment(
      'validity-window',
      "The transaction's validBefore is later than the challenge's end",
    );
  }
  if (validAfter !== undefined && validAfter * 1_000 > charge.nowMs) {
    return refusePayment('validity-window', 'The signed transaction is not valid yet');
  }
  return undefined;
}

/** Everything that can be known without asking anybody (draft-tempo-charge-00, "Transaction Verification"). */
function findFault(transaction: SignedTransaction, charge: PullCharge): Refusal | undefined {
  const { request, terms } = charge;
  if (transaction.chainId !== BigInt(terms.chainId)) {
    return refusePayment(
      'not-this-chain',
      `The transaction is signed for another chain than ${terms.chainId}`,
    );
  }
  if (request.feePayer !== (transaction.form === 'for-sponsor')) {
    return refusePayment(
      'sponsorship-mismatch',
      request.feePayer
        ? 'The seller pays the fee of this charge: sign with the fee payer placeholder and without a fee token'
        : 'The seller does not pay the fee of this charge: sign a complete transaction that pays its own fee',
    );
  }
  const calls = findCallFault(transaction.calls, terms);
  if (calls !== undefined) return refusePayment(calls.code, calls.detail);
  return findValidityFault(transaction, charge);
}

/** Turns what became of a transaction into an answer; rejects when it is not known. */
async function concludeOutcome(
  context: SellerContext,
  transaction: SignedTransaction,
  outcome: SettleOutcome,
  terms: ConcludeTerms,
): Promise<TempoVerification> {
  switch (outcome.kind) {
    case 'mined':
      return outcome.receipt.succeeded
        ? concludeReceipt(outcome.receipt, terms)
        : explainRevert(context.chain, transaction, outcome.receipt, terms);
    case 'refused':
      return refusePayment(outcome.code, outcome.why);
    case 'unknown':
      throw new MethodUnavailable(
        `It is not known yet what became of the payment (${outcome.error.message}); present the same credential again, do not pay again`,
        { cause: outcome.error },
      );
  }
}

/** Whether it is still to be sent, and whether it was before. */
interface Sending {
  readonly send: boolean;
  readonly sentBefore: boolean;
}

/** When nothing can happen to a transaction any more, milliseconds since the epoch. */
function endMs(transaction: SignedTransaction, expiresMs: number): number {
  return transaction.validBefore === undefined ? expiresMs : transaction.validBefore * 1_000;
}

function settlingOf(
  { validBefore, hasKeyAuthorization }: SignedTransaction,
  { chainId, currency, amount }: ConcludeTerms,
) {
  return {
    chainId,
    pays: { token: currency, amount },
    registersKey: hasKeyAuthorization,
    ...(validBefore === undefined ? undefined : { validBefore }),
  };
}

/**
 * Settles a transaction that the payer pays the fee of: the checks that cost nothing, then one call of the node.
 */
async function settlePlain(
  context: SellerContext,
  transaction: SignedTransaction,
  charge: PullCharge,
  sending: Sending,
): Promise<TempoVerification> {
  const { canonical: signed, hash } = transaction;
  const settling = {
    signed,
    hash,
    ...sending,
    ...settlingOf(transaction, charge.terms),
    findSigner: () => recoverSigner(transaction.signature, transaction.signingDigest),
  };
  const outcome = await settleTransaction(context.chain, settling, context.patience);
  if (outcome.kind === 'unknown' && sending.send && transaction.validBefore === undefined)
    await context.handedOver.note(context.chain, transaction, outcome.said, charge.nowMs);
  return concludeOutcome(context, transaction, outcome, charge.terms);
}

/** The fee payer's own troubles, which the payer must not be blamed for. */
const sponsorTroubles: ReadonlySet<string> = new Set(['fee-token', 'insufficient-funds']);

async function settleSponsored(
  context: SellerContext,
  sponsor: Sponsor,
  transaction: SignedTransaction,
  charge: PullCharge,
  sending: Sending,
): Promise<TempoVerification> {
  const { terms, nowMs } = charge;
  const signer = await recoverSigner(transaction.signature, transaction.signingDigest);
  if (signer === undefined || (transaction.claimedSender ?? signer.account) !== signer.account) {
    return refusePayment('signature-invalid', 'The transaction is not signed by its sender');
  }
  // Nothing like it was ever sent by us, so the chain need not be asked.
  const shape = sending.send ? sponsor.judge(transaction, signer, nowMs) : undefined;
  if (shape !== undefined) return refusePayment(shape.code, shape.why);
  const sponsored = await sponsor.complete(transaction, signer);
  const { currency, amount } = terms;
  const request: SponsorRequest = { transaction, sponsored, signer, currency, amount, nowMs };
  const settling = {
    signed: sponsored.canonical,
    hash: sponsored.hash,
    ...sending,
    ...settlingOf(transaction, terms),
    findSigner: () => Promise.resolve(signer),
  };
  try {
    const fault = sending.send ? await sponsor.admit(request) : undefined;
    const outcome = await settleTransaction(
      context.chain,
      { ...settling, send: sending.send && fault === undefined },
      context.patience,
    );
    // It was not sent now. Unless an earlier presentation has sent it, that is the answer.
    const open = sending.sentBefore && outcome.kind === 'unknown';
    if (fault !== undefined && outcome.kind !== 'mined' && !open) {
      return refusePayment(fault.code, fault.why);
    }
    if (outcome.kind === 'refused' && sponsorTroubles.has(outcome.code)) {
      await sponsor.conclude(request, undefined);
      throw new MethodUnavailable(
        'The fee payer of this seller cannot pay the fee now; present the same credential again later',
      );
    }
    if (outcome.kind !== 'unknown') {
      await sponsor.conclude(request, outcome.kind === 'mined' ? outcome.receipt : undefined);
    }
    return await concludeOutcome(context, transaction, outcome, terms);
  } catch (error) {
    return unavailable(error);
  } finally {
    sponsor.leave(request);
  }
}

/** Verifies and settles a `transaction` credential: cheapest first, nothing sent before everything fits. */
export async function verifyPull(
  context: SellerContext,
  charge: PullCharge,
  signatureText: unknown,
): Promise<TempoVerification> {
  if (!charge.request.supportedModes.includes('pull')) {
    return refusePayment('mode-not-supported', 'This charge does not take signed transactions');
  }
  const decoded = decodeTransaction(signatureText);
  if (!decoded.ok) return refusePayment('transaction-malformed', decoded.detail);
  const transaction = decoded.value;
  const fault = findFault(transaction, charge);
  if (fault !== undefined) return fault;
  const { sponsor } = context;
  if (charge.request.feePayer && sponsor === undefined) {
    throw new MethodUnavailable('This seller no longer pays fees for others; ask for a new challenge');
  }
  const { challengeId, expiresMs, nowMs } = charge;
  const end = endMs(transaction, expiresMs);
  const send = nowMs < end - sendMarginMs;
  return context.attempts.run(
    { challengeId, hash: transaction.hash, endMs: end, expiresMs, nowMs },
    (sentBefore) =>
      charge.request.feePayer && sponsor !== undefined
        ? settleSponsored(context, sponsor, transaction, charge, { send, sentBefore })
        : settlePlain(context, transaction, charge, { send, sentBefore }),
  );
}
