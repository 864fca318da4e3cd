import type { JsonObject, PayOutcome } from '@farebox/protocol';
import { abortedUnpaid } from './abort.js';
import type { WalletContext } from './context.js';
import { WalletError } from './errors.js';
import type { EntryChanges, JournalEntry, OverBudgetResult, PaymentPlan, StoredRequest } from './journal.js';
import { step } from './journal-step.js';
import { feeLimitIn, type PaymentLimits, presentReserveMs } from './limits.js';
import { judge, overBudget, requireApproval } from './policy/enforce.js';
import type { ChosenQuote } from './quote.js';
import { plainText } from './seller-problem.js';
import { feeLost, notPaidChanges, settledChanges } from './settlement.js';
import type { JournalState } from './states.js';

/** An entry whose proof is on disk. */
export interface PaidEntry extends JournalEntry {
  readonly payload: JsonObject;
}

/** What a payment is for, and who follows it. */
export interface PayCall {
  /** Absent for what is paid by hand. */
  readonly request?: StoredRequest;
  /** Giving up costs nothing until the plan is written; after that, the signal is not looked at here. */
  readonly signal?: AbortSignal | undefined;
  /** Told when this payment's plan has been written, before anything is sent. Must not throw. */
  readonly onPlanned?: (() => void) | undefined;
}

/** Narrows an entry that must hold its proof. */
export function requirePaid(entry: JournalEntry): PaidEntry {
  const { payload } = entry;
  if (payload === undefined) throw new WalletError('journal_corrupt', `Payment ${entry.id} lacks its proof.`);
  return { ...entry, payload };
}

/**
 * Pays one challenge, once. The policy is asked here again, whatever was asked before: there is no other way to pay. The
 * order is what makes a crash harmless at every point:
 *
 * 0. Whoever must approve is asked, while nothing is reserved.
 * 1. `planned`: challenge, payment reference and the money are reserved, in one transaction over all processes. A second
 *    process that gets the same invoice stops here, and so does the first one for which a budget has no room.
 * 2. `paying`: written before the node is asked. After a crash only the node's own word counts.
 * 3. The node pays, at most the inspected price and the fee cap.
 * 4. `paid`: the proof is durable before anyone else sees it.
 *
 * When it succeeds, this process is still at work on the payment (`context.active`): who presents it takes it over. In
 * between, nobody else of this process may find it and give it up.
 */
export async function payQuote(
  context: WalletContext,
  quote: ChosenQuote,
  limits: PaymentLimits,
  call: PayCall = {},
): Promise<PaidEntry> {
  const { journal, now } = context;
  const { request, signal, onPlanned } = call;
  const { challenge, inspection, method } = quote;
  const { price, payee, payees, network, reference, expiresMs } = inspection;
  const place = { url: request?.url, httpMethod: request?.method };
  const allowed = judge(context, quote, feeLimitIn(limits.maxFee, price.currency), place);
  if (allowed instanceof WalletError) throw allowed;
  await requireApproval(context, quote, allowed, place);
  if (signal?.aborted) throw abortedUnpaid(signal);
  const payDeadlineMs = Math.min(now() + context.timeouts.payMs, inspection.expiresMs - presentReserveMs);
  const { maxFee, budgets } = allowed;
  const plan: PaymentPlan = {
    challenge,
    price,
    payee,
    ...(payees && payees.length > 1 && { payees }),
    network,
    reference,
    expiresMs,
    payDeadlineMs,
    maxFee,
    budgets,
    ...(request && { request }),
    ...(method.settlesOnPresentation && { settlesOnPresentation: true }),
  };
  const entry = await reserve(context, quote, plan, signal);
  const leave = context.active.take(entry.id);
  try {
    onPlanned?.();
    journal.move(entry.id, 'planned', 'paying', {}, now());
    let outcome: PayOutcome;
    try {
      // The inspected price is the limit now: whatever was allowed, not more than what was shown is paid.
      const payLimits = { maxAmount: price, maxFee, deadlineMs: payDeadlineMs };
      outcome = await method.pay(challenge, payLimits);
    } catch {
      // A method that throws has not said that nothing was sent.
      outcome = { kind: 'unknown', detail: 'the payment method broke down' };
    }
    return recordOutcome(context, entry, 'paying', outcome);
  } catch (error) {
    leave();
    throw error;
  }
}

/** Writes the plan, or finds out why it must not be carried out. */
async function reserve(
  context: WalletContext,
  quote: ChosenQuote,
  plan: PaymentPlan,
  signal: AbortSignal | undefined,
): Promise<JournalEntry> {
  const { journal, now } = context;
  const result = journal.plan(plan, now());
  if (result.ok) return result.entry;
  if (result.by === 'budget') throw refusedByBudget(context, result);
  const known = result.entry;
  // Its row is the record of the fee, and another try could cost another.
  const lost = feeLost(context, 'A payment for this challenge was carried out and taken back', known);
  if (lost && known.state === 'not-paid') throw lost;
  // What certainly was not paid may be tried again, if the node still says so; in the same row, so that two
  // processes cannot both do it.
  if (known.state === 'not-paid' && known.reference === plan.reference) {
    const outcome = await quote.method.resume(quote.challenge, {
      // What was signed before has been dropped, and that only because it certainly cannot be carried out any more.
      ...(known.settlement && known.presentations === 0 && { presented: false }),
    });
    if (signal?.aborted) throw abortedUnpaid(signal);
    if (outcome.kind === 'not-paid') {
      const again = journal.replan(known.id, plan, now());
      if (again.ok) return again.entry;
      if (again.by === 'budget') throw refusedByBudget(context, again);
    }
  }
  const what = result.by === 'challenge' ? 'challenge' : 'invoice';
  const message = `This ${what} is in the journal already and is never paid twice; see: farebox pay resume ${known.id}`;
  throw new WalletError('already_known', message, { paymentId: known.id });
}

function refusedByBudget(context: WalletContext, { over }: OverBudgetResult): WalletError {
  if (context.policy) return overBudget(context, context.policy, over);
  throw new WalletError(
    'journal_corrupt',
    'The journal counted a budget that nobody gave; nothing was sent.',
  );
}

/**
 * Writes what became of a payment, and throws unless it was made: `payment_failed`, `fee_lost`,
 * `payment_unknown`, `proof_not_stored`, `in_progress`.
 */
export function recordOutcome(
  context: WalletContext,
  entry: JournalEntry,
  from: 'paying' | 'payment-unknown' | 'not-paid',
  outcome: PayOutcome,
): PaidEntry {
  const { journal, now } = context;
  const { id, settlement } = entry;
  const write = (to: JournalState, changes: EntryChanges) =>
    step({ ...entry, state: from }, () => journal.move(id, from, to, changes, now()));
  if (outcome.kind === 'not-paid') {
    const detail = plainText(outcome.detail);
    // The method's own call has ended with this word: it is final, and `resume` does not ask again. Else a seller who
    // hands out an invoice that was paid elsewhere could get its proof.
    if (from !== 'not-paid') write('not-paid', notPaidChanges(outcome, true));
    const lost = feeLost(context, 'The payment failed', { id, ...outcome });
    if (lost) throw lost;
    throw new WalletError('payment_failed', `The payment failed and nothing was spent: ${detail}`, {
      paymentId: id,
    });
  }
  if (outcome.kind === 'unknown') {
    const detail = plainText(outcome.detail);
    if (from !== 'not-paid') write('payment-unknown', { detail });
    const message = `It is not known whether the payment was made (${detail}). Find out with: farebox pay resume ${id}`;
    throw new WalletError('payment_unknown', message, { paymentId: id });
  }
  const { payload, paid, source } = outcome;
  const changes = {
    ...settledChanges(outcome),
    payload,
    detail: `${settlement === 'open' ? 'signed for' : 'paid'} ${context.showAmount(paid)}`,
    ...(source !== undefined && { source }),
  };
  try {
    return requirePaid(journal.move(id, from, 'paid', changes, now()));
  } catch (cause) {
    throw notStored(id, settlement === 'open', cause);
  }
}

function notStored(paymentId: string, open: boolean, cause: unknown): WalletError {
  if (open) {
    // What was signed is gone with this process, and nobody has seen it.
    const message = `The payment was signed but could not be written down, so it was not presented and nothing was spent. Clear it with: farebox pay resume ${paymentId}`;
    return new WalletError('proof_not_stored', message, { paymentId, cause, spent: 'no' });
  }
  const message = `The payment was made but its proof could not be written down. The node has it: farebox pay resume ${paymentId}`;
  return new WalletError('proof_not_stored', message, { paymentId, cause });
}
