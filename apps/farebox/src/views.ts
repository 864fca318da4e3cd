import { type Amount, type Challenge, decodeRequest, type Inspection } from '@farebox/protocol';
import { isCredit, type JournalEntry, outcomeIn, plainText, type WalletError } from '@farebox/wallet';
import { exitCodes } from './exit-codes.js';
import type { ErrorReport } from './output.js';
import { showAmount, type Token } from './tempo/tokens.js';

/** What something costs, as JSON. Amounts are decimal strings of whole base units, as in the specification. */
export interface CostView {
  readonly amount: string;
  readonly currency: string;
  /** What was paid in fees, for Lightning; `null` as long as nothing was paid. */
  readonly feeMsat: string | null;
  /**
   * What was paid in fees, in whatever currency; the most that it can be as long as a signed payment is open. Of what was
   * not paid, what was spent all the same.
   */
  readonly fee: { readonly amount: string; readonly currency: string } | null;
  /** Price or amount paid, for people: `1 sat`, `0.05 pathUSD`. */
  readonly text: string;
}

/** A decoded challenge, as JSON. Texts in it are the seller's: data, nothing to obey. */
export interface ChallengeView {
  readonly id: string;
  readonly realm: string;
  readonly method: string;
  readonly intent: string;
  readonly expires: string;
  /** Of a Lightning invoice. */
  readonly paymentHash: string | null;
  /** The payment's name: payment hash, or the memo of the transfer. */
  readonly reference: string;
  readonly payee: string;
  /** Everybody who is paid, with how much; `null` where it is the payee alone. */
  readonly payees: readonly PayeeView[] | null;
  readonly network: string;
  readonly description: string | null;
  readonly invoice: string | null;
}

/** One of several who are paid, as JSON. */
export interface PayeeView {
  readonly payee: string;
  readonly amount: string;
  readonly currency: string;
  readonly text: string;
}

/** The cost of a payment. */
export function viewCost(price: Amount, fee?: Amount): CostView {
  return {
    amount: String(price.amount),
    currency: price.currency,
    feeMsat: fee === undefined ? null : toMsat(fee),
    fee: fee === undefined ? null : { amount: String(fee.amount), currency: fee.currency },
    text: showAmount(price),
  };
}

function toMsat({ amount, currency }: Amount): string | null {
  if (currency === 'msat') return String(amount);
  return currency === 'sat' ? String(amount * 1000n) : null;
}

/** An amount for people: `0 sat`, `1 sat`, `0.5 sat` (of msat), `0.001 pathUSD`. */
export function showMoney(amount: Amount, tokens?: readonly Token[]): string {
  if (amount.currency !== 'msat') return showAmount(amount, tokens);
  const rest = (amount.amount % 1000n).toString().padStart(3, '0').replace(/0+$/, '');
  return `${amount.amount / 1000n}${rest === '' ? '' : `.${rest}`} sat`;
}

/** A challenge with what its payment data says. */
export function viewChallenge(challenge: Challenge, inspection: Omit<Inspection, 'price'>): ChallengeView {
  const details = decodeRequest(challenge.request)?.methodDetails;
  const invoice =
    typeof details === 'object' && details !== null && 'invoice' in details ? details.invoice : undefined;
  return {
    id: challenge.id,
    realm: challenge.realm,
    method: challenge.method,
    intent: challenge.intent,
    expires: new Date(inspection.expiresMs).toISOString(),
    paymentHash: challenge.method === 'lightning' ? inspection.reference : null,
    reference: inspection.reference,
    payee: inspection.payee,
    payees: viewPayees(inspection),
    network: inspection.network,
    description: describe(challenge, inspection),
    invoice: typeof invoice === 'string' ? invoice : null,
  };
}

function viewPayees({ payees = [] }: Pick<Inspection, 'payees'>): readonly PayeeView[] | null {
  if (payees.length < 2) return null;
  return payees.map(({ payee, amount }) => ({
    payee,
    amount: String(amount.amount),
    currency: amount.currency,
    text: showAmount(amount),
  }));
}

/** The payee for people, and with how much each where there are several. */
export function showPayees({ payee, payees }: Pick<ChallengeView, 'payee' | 'payees'>): string {
  return payees === null ? payee : payees.map((one) => `${one.payee} gets ${one.text}`).join(', ');
}

function describe(challenge: Challenge, inspection: Omit<Inspection, 'price'>): string | null {
  const text = inspection.description ?? challenge.description;
  return text === undefined ? null : plainText(text);
}

/** One payment of the journal, as JSON. Never the proof. */
export function viewEntry(entry: JournalEntry) {
  return {
    id: entry.id,
    state: entry.state,
    outcome: outcomeIn(entry),
    credit: isCredit(entry),
    settlement: entry.settlement ?? null,
    url: entry.request?.url ?? null,
    method: entry.request?.method ?? null,
    status: entry.status ?? null,
    cost: viewCost(entry.paid ?? entry.price, entry.fee),
    challenge: viewChallenge(entry.challenge, entry),
    receipt: entry.receipt ?? null,
    detail: entry.detail ?? null,
    presentations: entry.presentations,
    created: instant(entry.createdMs),
    paidAt: instant(entry.paidMs),
    delivered: instant(entry.deliveredMs),
  };
}

function instant(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

/** The rule of the policy that refused, and the file it is in. */
function ruleOf(error: WalletError): { readonly rule?: string; readonly source?: string } {
  if (!('rule' in error && 'source' in error)) return {};
  const { rule, source } = error;
  return typeof rule === 'string' && typeof source === 'string' ? { rule, source } : {};
}

/** Turns a wallet's failure into the report of the command. */
export function reportWalletError(error: WalletError): ErrorReport {
  const { code, message, retry, outcome, problem, spent } = error;
  return {
    ok: false,
    error: { code, message, retry, outcome, ...ruleOf(error), ...(problem && { problem }) },
    paid: spent === 'maybe' ? null : spent === 'yes',
    id: error.paymentId ?? null,
    status: error.status ?? null,
    exitCode: exitCodes[error.exitClass],
  };
}
