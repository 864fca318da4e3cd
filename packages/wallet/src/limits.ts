import type { Amount } from '@farebox/protocol';

/** Largest request body that is paid for. It is kept in the journal, so that a crash cannot lose the purchase. */
export const requestBodyBytesMax = 1024 * 1024;
/** Most header fields of one request. */
export const requestHeadersMax = 100;
/** Largest problem document that is read from a refusal. */
export const problemBytesMax = 64 * 1024;
/** Room for a method's proof in a credential; a challenge too large to be echoed beside it is not paid. */
export const payloadBytesMax = 2 * 1024;
/** How long the first, unpaid answer may take. */
export const unpaidAnswerTimeoutMs = 30_000;
/** How long a paid answer may take; the upstream may have to work for it. */
export const paidAnswerTimeoutMs = 120_000;
/** Longest silence within an answer. */
export const answerIdleMs = 60_000;
/** How long a problem document may take. */
export const problemTimeoutMs = 5_000;
/** How long the payment method may try. */
export const payTimeoutMs = 60_000;
/** Least life a challenge must have left to be paid. */
export const lifeLeftMinMs = 5_000;
/** Part of the life that is kept for presenting. */
export const presentReserveMs = 2_000;
/** Clocks differ: a credential is still presented this long after the challenge's expiry by our clock. */
export const clockToleranceMs = 30_000;
/** A dead process's last words may still be on their way to the node for this long. */
export const dispatchGraceMs = 2_000;

/** What one payment may cost. */
export interface PaymentLimits {
  /** Most that may be paid, without fees. */
  readonly max: Amount;
  /** Most that may be paid in fees on top. */
  readonly maxFee: Amount;
}

/** 100 sat a payment, 10 sat in fees. */
export const defaultLimits: PaymentLimits = {
  max: { amount: 100n, currency: 'sat' },
  maxFee: { amount: 10n, currency: 'sat' },
};

/** Time-outs of one wallet, milliseconds. Absent: the named defaults of this file. */
export interface WalletTimeouts {
  readonly unpaidAnswerMs?: number;
  readonly paidAnswerMs?: number;
  readonly answerIdleMs?: number;
  readonly payMs?: number;
}

/** One sat is 1,000 msat; every other currency has no smaller unit here. */
function finest(value: Amount): Amount {
  return value.currency === 'sat' ? { amount: value.amount * 1000n, currency: 'msat' } : value;
}

/**
 * Compares a cost with a limit in the finer of both units.
 *
 * @returns `undefined` when the two currencies cannot be compared: then nothing may be paid.
 */
export function exceeds(value: Amount, limit: Amount): boolean | undefined {
  const [a, b] = [finest(value), finest(limit)];
  return a.currency === b.currency ? a.amount > b.amount : undefined;
}
