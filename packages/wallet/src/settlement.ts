import type { KnownPayment, PayOutcome } from '@farebox/protocol';
import type { WalletContext } from './context.js';
import { WalletError, type WalletErrorOptions } from './errors.js';
import type { EntryChanges, JournalEntry, Settled } from './journal.js';
import { plainText } from './seller-problem.js';
import { isOpen } from './states.js';

/** An entry after its method was asked about it. */
export interface SettledEntry {
  readonly entry: JournalEntry;
  /** Why it is still not known whether the money has moved; absent when it is. */
  readonly doubt?: string;
}

/** Asks the method what became of a payment. Never pays, never rejects. */
export async function askMethod(context: WalletContext, entry: JournalEntry): Promise<PayOutcome> {
  const method = await context.methods.find(entry.challenge);
  if (method === undefined)
    return { kind: 'unknown', detail: `this wallet has no ${entry.challenge.method} node now` };
  if ('missing' in method) return { kind: 'unknown', detail: method.missing };
  try {
    return await method.resume(entry.challenge, knownPayment(entry));
  } catch {
    return { kind: 'unknown', detail: 'the node could not be asked' };
  }
}

function knownPayment(entry: JournalEntry): KnownPayment {
  const { payload } = entry;
  return {
    ...(payload && { payload }),
    sinceMs: entry.payingMs ?? entry.createdMs,
    ...(neverPresented(entry) && { presented: false }),
  };
}

/**
 * True only when no seller can have seen what was signed. `presented` is written before anything is sent, and only
 * from `paid`; so before it was written for the first time, the payload has not left. Without a request, the payload
 * was handed to the caller, and may be anywhere.
 */
function neverPresented({ state, request, presentations }: JournalEntry): boolean {
  if (presentations > 0) return false;
  return state === 'paying' || (state === 'paid' && request !== undefined);
}

/** What a `paid` of the method adds to a row. */
export function settledChanges({ paid, fee, reference }: PayOutcome & { kind: 'paid' }): Settled {
  return { paid, fee, ...(reference !== undefined && { receiptReference: reference }) };
}

/**
 * Finds out whether the money of a signed payment has moved. Afterwards the entry is not paid for certain, or its
 * settlement is made, or there is a doubt and everything is as it was. Any other entry comes back as it is.
 */
export async function settleOpen(context: WalletContext, entry: JournalEntry): Promise<SettledEntry> {
  if (!isOpen(entry)) return { entry };
  const { journal, now } = context;
  const { id, state } = entry;
  const outcome = await askMethod(context, entry);
  if (outcome.kind === 'unknown') return { entry, doubt: plainText(outcome.detail) };
  try {
    if (outcome.kind === 'paid') return { entry: journal.settle(id, state, settledChanges(outcome), now()) };
    // The method's word is final: the same bytes can never be carried out, so nobody needs to be asked again.
    return { entry: journal.move(id, state, 'not-paid', notPaidChanges(outcome, true), now()) };
  } catch (error) {
    if (!(error instanceof WalletError)) throw error;
    return { entry, doubt: 'what became of it could not be written down' };
  }
}

/** What a `not-paid` of the method adds to a row. One that names a fee has seen the end: it is always final. */
export function notPaidChanges(
  { detail, fee }: PayOutcome & { kind: 'not-paid' },
  final: boolean,
): EntryChanges {
  return { detail: plainText(detail), final: final || fee !== undefined, ...(fee && { fee }) };
}

/** The error for what was not paid and cost a fee; undefined where it cost nothing. */
export function feeLost(
  context: WalletContext,
  what: string,
  { id, fee }: Pick<JournalEntry, 'id' | 'fee'>,
  options: WalletErrorOptions = {},
): WalletError | undefined {
  if (fee === undefined) return undefined;
  const message = `${what}. Nobody was paid, but a fee of ${plainText(context.showAmount(fee))} was spent on it and counts in the budgets; trying again could cost another.`;
  return new WalletError('fee_lost', message, { ...options, paymentId: id });
}

/** The error for a payment that may still be carried out. */
export function settlementUnknown(
  what: string,
  doubt: string,
  options: WalletErrorOptions & { readonly paymentId: string },
): WalletError {
  const message = `${what}. The payment may still be carried out (${doubt}); find out, without paying again, with: farebox pay resume ${options.paymentId}`;
  return new WalletError('settlement_unknown', message, options);
}
