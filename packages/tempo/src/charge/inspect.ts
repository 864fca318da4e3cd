import type { Challenge, Inspection, PayeeShare, Result } from '@farebox/protocol';
import { decodeRequest, parseTimestamp, refuse } from '@farebox/protocol';
import type { TransactionCall } from '../accounts/transaction.js';
import type { Address, Hex } from '../chain/hex.js';
import { cannotReceive } from './impossible-recipient.js';
import { encodeTransfer, readTransfer } from './inspect-calldata.js';
import { attributionMemo, memoMatcher } from './memo.js';
import { parseTempoChargeRequest, type TempoChargeRequest } from './request.js';
import { expectedTransfers } from './transfers.js';

/**
 * Longest life of a challenge that is paid, milliseconds. A payment that got lost is looked for in the blocks of this
 * long, so that "not found" is certain.
 */
export const chargeLifeMsMax = 24 * 60 * 60 * 1_000;

/** What a buyer pays at all, whatever a seller asks. */
export interface ChargeRules {
  /** The only chain that is paid on. */
  readonly chainId: number;
  /** The only tokens that are paid with. */
  readonly currencies: readonly Address[];
  /** The only ones who are paid, splits included; everybody when left out. */
  readonly recipients?: readonly Address[] | undefined;
  /** Whether the buyer may broadcast by itself where the seller asks for that. */
  readonly push: boolean;
  /** Goes into the memo, for the seller's statistics. */
  readonly clientName?: string | undefined;
}

/** One who is paid, and how much. */
export interface Payee extends PayeeShare {
  readonly payee: Address;
}

/** What a Tempo charge would really cost, read from the calls that would be signed. */
export interface TempoInspection extends Inspection {
  readonly chainId: number;
  /** The realm that the payment is bound to. */
  readonly realm: string;
  /** `proof` for a charge of zero, which is a signature and no transaction. */
  readonly mode: 'pull' | 'push' | 'proof';
  /** The seller pays the fees. */
  readonly sponsored: boolean;
  /** Everybody who is paid, the payee first. Empty for a proof. */
  readonly payees: readonly Payee[];
}

/** An inspected charge, with all that is needed to sign it or to find it on the chain. */
export interface InspectedCharge {
  readonly inspection: TempoInspection;
  readonly token: Address;
  /** What is signed: exactly these calls. Empty for a proof. */
  readonly calls: readonly TransactionCall[];
  /** The memo of the first call. */
  readonly memo: Hex;
}

/** A challenge's request, readable; whether it may be paid has not been checked. */
export function readCharge(challenge: Challenge): Result<TempoChargeRequest> {
  if (challenge.method !== 'tempo' || challenge.intent !== 'charge') {
    return refuse('method_mismatch', 'The challenge is no tempo charge');
  }
  const object = decodeRequest(challenge.request);
  if (object === undefined)
    return refuse('request_malformed', 'The request of the challenge is not base64url JSON');
  return parseTempoChargeRequest(object);
}

/** The expiry of a challenge, milliseconds since the epoch. */
export function readExpiry(challenge: Challenge): Result<number> {
  if (challenge.expires === undefined) {
    return refuse(
      'challenge_without_expiry',
      'The challenge does not say when it expires, so nobody could tell when an unanswered payment is over',
    );
  }
  const expiresMs = parseTimestamp(challenge.expires);
  if (expiresMs === undefined)
    return refuse('challenge_malformed', 'The expiry of the challenge is no date-time');
  return { ok: true, value: expiresMs };
}

function checkExpiry(challenge: Challenge, nowMs: number): Result<number> {
  const expiry = readExpiry(challenge);
  if (!expiry.ok) return expiry;
  const at = new Date(expiry.value).toISOString();
  if (nowMs >= expiry.value) return refuse('challenge_expired', `The challenge expired at ${at}`);
  if (expiry.value - nowMs > chargeLifeMsMax) {
    return refuse('challenge_too_long', `The challenge lives until ${at}; more than a day is not paid for`);
  }
  return expiry;
}

function checkRules(request: TempoChargeRequest, rules: ChargeRules): Result<true> {
  const { chainId, currency } = request;
  if (chainId === undefined) {
    // The draft and the deployed code disagree about which chain that would be.
    return refuse('chain_missing', 'The challenge does not name the chain it wants to be paid on');
  }
  if (chainId !== rules.chainId) {
    return refuse(
      'chain_mismatch',
      `The challenge is for the chain ${chainId}, this wallet pays on ${rules.chainId}`,
    );
  }
  if (!rules.currencies.includes(currency)) {
    return refuse('currency_not_allowed', `This wallet does not pay with the token ${currency}`);
  }
  const recipients = [request.recipient, ...request.splits.map(({ recipient }) => recipient)];
  const stranger = recipients.find(
    (recipient) => rules.recipients !== undefined && !rules.recipients.includes(recipient),
  );
  if (stranger !== undefined) {
    return refuse('recipient_not_allowed', `This wallet is not allowed to pay ${stranger}`);
  }
  const impossible = request.amount === 0n ? undefined : recipients.find(cannotReceive);
  if (impossible !== undefined) {
    return refuse(
      'recipient_impossible',
      `The challenge wants ${impossible} paid, which the token pays never: only the fee would go`,
    );
  }
  return { ok: true, value: true };
}

/** How it is paid: the seller broadcasts wherever it can, because then no money moves before it has the credential. */
export function chooseMode(request: TempoChargeRequest, push: boolean): Result<TempoInspection['mode']> {
  if (request.amount === 0n) return { ok: true, value: 'proof' };
  if (request.supportedModes.includes('pull')) return { ok: true, value: 'pull' };
  if (request.feePayer) {
    // draft-tempo-charge-00 §"Hash Settlement": no hash where the seller pays the fees.
    return refuse('mode_unsupported', 'The seller pays the fees but does not broadcast, which cannot be');
  }
  if (push) return { ok: true, value: 'push' };
  return refuse(
    'mode_unsupported',
    'The seller wants the payment broadcast before it is presented; this wallet pays that way only when told to',
  );
}

/** The memo that binds a payment to its challenge, and the calls that carry it. */
export function chargeCalls(
  challenge: Challenge,
  request: TempoChargeRequest,
  clientName?: string,
): Result<{ readonly memo: Hex; readonly calls: readonly TransactionCall[] }> {
  const binding = { realm: challenge.realm, challengeId: challenge.id };
  if (request.memo !== undefined && !memoMatcher(binding)(request.memo)) {
    return refuse(
      'memo_unbound',
      'The seller asks for a memo that does not name its challenge, so the payment could be claimed for another',
    );
  }
  const memo = request.memo ?? attributionMemo(binding, clientName);
  const [primary, ...others] = expectedTransfers(request);
  const calls = [{ ...primary, memo }, ...others].map((transfer) =>
    encodeTransfer(request.currency, transfer),
  );
  return { ok: true, value: { memo, calls } };
}

/** Who is paid what, read back from the calls: what is shown is what is signed. */
function readPayees(calls: readonly TransactionCall[]): Result<readonly [Payee, ...Payee[]]> {
  const [first, ...rest] = calls.map(({ to, data }) => readPayee(to, data));
  const known = rest.filter((payee) => payee !== undefined);
  if (first === undefined || known.length !== rest.length) {
    return refuse(
      'transfer_unreadable',
      'The transfers of this charge cannot be read back; nothing was signed',
    );
  }
  return { ok: true, value: [first, ...known] };
}

function readPayee(token: Address, data: Hex): Payee | undefined {
  const transfer = readTransfer(data);
  return transfer && { payee: transfer.recipient, amount: { amount: transfer.amount, currency: token } };
}

/**
 * Reads what a challenge would really cost. Pure. Amounts and recipients are read back from the calldata that would be
 * signed, not taken from the seller's words.
 *
 * Codes: `method_mismatch`, `request_malformed`, `challenge_without_expiry`, `challenge_malformed`,
 * `challenge_expired`, `challenge_too_long`, `chain_missing`, `chain_mismatch`, `currency_not_allowed`,
 * `recipient_not_allowed`, `recipient_impossible`, `mode_unsupported`, `memo_unbound`, `transfer_unreadable`.
 */
export function inspectTempoCharge(
  challenge: Challenge,
  rules: ChargeRules,
  nowMs: number,
): Result<InspectedCharge> {
  const read = readCharge(challenge);
  if (!read.ok) return read;
  const request = read.value;
  const expiry = checkExpiry(challenge, nowMs);
  if (!expiry.ok) return expiry;
  const allowed = checkRules(request, rules);
  if (!allowed.ok) return allowed;
  const mode = chooseMode(request, rules.push);
  if (!mode.ok) return mode;
  const shared = {
    network: `eip155:${rules.chainId}`,
    expiresMs: expiry.value,
    chainId: rules.chainId,
    realm: challenge.realm,
    mode: mode.value,
    ...(request.description !== undefined &&
      request.description !== '' && { description: request.description }),
  };
  const { currency: token, recipient } = request;
  const prepared = chargeCalls(challenge, request, rules.clientName);
  if (!prepared.ok) return prepared;
  const { memo, calls } = prepared.value;
  if (mode.value === 'proof') {
    const price = { amount: 0n, currency: token };
    // draft-tempo-charge-00 §"Proof Receipt": the reference is the challenge's id.
    const proof = {
      ...shared,
      price,
      payee: recipient,
      reference: challenge.id,
      sponsored: false,
      payees: [],
    };
    return { ok: true, value: { inspection: proof, token, calls: [], memo } };
  }
  const payees = readPayees(calls);
  if (!payees.ok) return payees;
  const total = payees.value.reduce((sum, { amount }) => sum + amount.amount, 0n);
  const inspection: TempoInspection = {
    ...shared,
    price: { amount: total, currency: token },
    payee: payees.value[0].payee,
    reference: memo,
    sponsored: request.feePayer,
    payees: payees.value,
  };
  return { ok: true, value: { inspection, token, calls, memo } };
}
