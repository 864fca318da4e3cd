import type { Amount } from '@farebox/protocol';

/** Largest request body that is paid for. It is kept in the journal, so that a crash cannot lose the purchase. */
export const requestBodyBytesMax = 1024 * 1024;
/** Most header fields of one request. */
export const requestHeadersMax = 100;
/** Largest problem document that is read from a refusal. */
export const problemBytesMax = 64 * 1024;
/**
 * Room for a method's proof in a credential; a challenge too large to be echoed beside it is not paid. A signed
 * transaction with ten splits and the permission of its key is the largest there is.
 */
export const payloadBytesMax = 6 * 1024;
/** How long the first, unpaid answer may take. */
export const unpaidAnswerTimeoutMs = 30_000;
/** How long a paid answer may take; the upstream may have to work for it. */
export const paidAnswerTimeoutMs = 120_000;
/** Longest silence within an answer. */
export const answerIdleMs = 60_000;
/** How long a paid answer may be left unread; after that it is given up and can be resumed. */
export const answerUnreadMs = 5 * 60_000;
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

/** How long a method may take to say what it could spend; after that, nothing is known of its balance. */
export const balanceTimeoutMs = 5_000;

/** How long what is finished is kept in the journal when nothing else is said: longer than a year, for its books. */
export const finishedRetentionMs = 400 * 86_400_000;
/** How long a credit is kept after its challenge has expired, when nothing else is said. */
export const creditRetentionMs = 400 * 86_400_000;
/** Nothing is dropped sooner: budgets reach back a day, and an invoice that is forgotten could be paid again. */
export const leastRetentionMs = 7 * 86_400_000;

/** A limit in one currency, or one in each of several. */
export type Limit = Amount | readonly Amount[];

/** What one payment may cost. A currency that is not named in `max` is not paid in at all. */
export interface PaymentLimits {
  /** Most that may be paid, without fees. */
  readonly max: Limit;
  /** Most that may be paid in fees on top; nothing, in a currency that is not named. */
  readonly maxFee: Limit;
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
  readonly answerUnreadMs?: number;
  readonly payMs?: number;
}

/** The limit that a cost in `currency` is held against, or undefined when there is none. */
export function limitIn(limit: Limit, currency: string): Amount | undefined {
  const limits = 'currency' in limit ? [limit] : limit;
  return limits.find((one) => exceeds({ amount: 0n, currency }, one) !== undefined);
}

/** The limit of fees for a payment in `currency`: nothing, when none was given. */
export function feeLimitIn(limit: Limit, currency: string): Amount {
  return limitIn(limit, currency) ?? { amount: 0n, currency };
}

/**
 * An amount in the smallest unit of its currency, and that by one name: one sat is 1,000 msat, every other currency has no
 * smaller unit here, and a token's address is the same in any case.
 */
export function finest({ amount, currency }: Amount): Amount {
  return currency === 'sat'
    ? { amount: amount * 1000n, currency: 'msat' }
    : { amount, currency: currency.toLowerCase() };
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
