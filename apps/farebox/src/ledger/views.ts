import type { Claim, Entry } from '@farebox/ledger';
import type { QuotedRate } from '@farebox/protocol';
import type { MethodBalance, RouteBalance, Standing } from './balance.js';
import { isoTime } from './moments.js';

// The JSON of the ledger commands. Amounts are decimal strings of whole base units, as everywhere; times are UTC.

/** A claim as JSON. The reference is the payment's public name; there is no secret in a ledger. */
export function viewClaim(claim: Claim) {
  return {
    claim: claim.seq,
    challengeId: claim.challengeId,
    reference: claim.reference,
    state: claim.state,
    hold: claim.hold ?? null,
    method: claim.method,
    intent: claim.intent,
    amount: String(claim.paid.amount),
    currency: claim.paid.currency,
    rate: viewRate(claim.rate),
    route: claim.route,
    resource: claim.resource,
    attempts: claim.attempts,
    redeliveries: claim.redeliveries,
    answerKept: claim.answerKept,
    expires: isoTime(claim.expiresMs),
    created: isoTime(claim.createdMs),
    updated: isoTime(claim.updatedMs),
  };
}

/** An entry as JSON. */
export function viewEntry(entry: Entry) {
  return {
    time: isoTime(entry.atMs),
    claim: entry.seq,
    method: entry.method,
    route: entry.route,
    debit: entry.debit,
    credit: entry.credit,
    amount: String(entry.amount.amount),
    currency: entry.amount.currency,
    rate: viewRate(entry.rate),
  };
}

/** The rate that a price was quoted at as JSON; null for a price that was set in what it was paid in. */
function viewRate(rate: QuotedRate | undefined) {
  if (rate === undefined) return null;
  const { price, currency, rate: number, unit, asOfMs } = rate;
  return { price, currency, rate: number, unit, asOf: isoTime(asOfMs) };
}

/** A balance as JSON. */
export function viewBalance(balance: MethodBalance) {
  const { method, currency, payments, routes } = balance;
  return { method, currency, payments, ...viewStanding(balance), routes: routes.map(viewRoute) };
}

function viewRoute(balance: RouteBalance) {
  return { route: balance.route, payments: balance.payments, ...viewStanding(balance) };
}

function viewStanding({ received, owed, revenue, breakage, refunds }: Standing) {
  return {
    received: String(received),
    owed: String(owed),
    revenue: String(revenue),
    breakage: String(breakage),
    refunds: String(refunds),
  };
}
