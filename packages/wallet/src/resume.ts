import type { WalletContext } from './context.js';
import { WalletError } from './errors.js';
import type { JournalEntry, StoredRequest } from './journal.js';
import { step } from './journal-step.js';
import { clockToleranceMs, dispatchGraceMs } from './limits.js';
import { type Delivered, present } from './present.js';
import type { Header } from './request.js';
import { recordOutcome, requirePaid } from './settle.js';
import { askMethod, notPaidChanges, settleOpen } from './settlement.js';
import { isOpen } from './states.js';

/** What resuming one payment came to, when it is not an error. */
export type ResumeResult =
  | Delivered
  /** Paid by hand (`pay invoice`): the proof is in `entry.payload`. */
  | { readonly kind: 'proof'; readonly entry: JournalEntry }
  /** Delivered before, or certainly never paid. */
  | { readonly kind: 'finished'; readonly entry: JournalEntry };

/** How to resume. */
export interface ResumeOptions {
  /** The secret headers of the request, which the journal does not keep. Headers that the request did not have are not sent. */
  readonly headers?: readonly Header[];
  readonly evenExpired?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Finishes what a crash, a lost answer or a failing seller interrupted. Asks the node and presents the credential
 * again; never pays. Where the money moves on presentation, what was never presented is given up, and what was is
 * presented again as long as it may be carried out: the chain takes the same bytes once.
 */
export async function resumeEntry(
  context: WalletContext,
  found: JournalEntry,
  options: ResumeOptions = {},
): Promise<ResumeResult> {
  if (context.active.has(found.id) || isElsewhere(context, found)) throw inProgress(found);
  // Before the first wait: a second call of this process must not find the payment free.
  const leave = context.active.take(found.id);
  try {
    const entry = await settleEntry(context, found);
    if (entry.state === 'delivered' || entry.state === 'not-paid') return { kind: 'finished', entry };
    if (entry.request === undefined) return { kind: 'proof', entry };
    const headers = completeHeaders(entry, entry.request, options.headers ?? []);
    const { signal, evenExpired } = options;
    return await present(context, requirePaid(entry), entry.request, { headers, signal, evenExpired });
  } finally {
    // Nothing, once `present` has taken it over.
    leave();
  }
}

/** True when `--all` has something to do here: not for proofs of invoices, nor for credits that have expired. */
export function isResumable(entry: JournalEntry, nowMs: number, evenExpired = false): boolean {
  // An open settlement is always worth a question: it becomes certain in time.
  if (entry.payload === undefined || isOpen(entry)) return true;
  return entry.request !== undefined && (evenExpired || nowMs <= entry.expiresMs + clockToleranceMs);
}

/** Finds out what became of the payment itself; afterwards the entry is paid, or certainly not. */
async function settleEntry(context: WalletContext, entry: JournalEntry): Promise<JournalEntry> {
  const { journal, now } = context;
  const { id, state } = entry;
  if (state === 'planned') {
    // `paying` was never written, so the node was never asked. A slow owner finds the row changed and stops.
    const detail = 'given up before anything was sent';
    return step(entry, () => journal.move(id, 'planned', 'not-paid', { detail }, now()));
  }
  if (isOpen(entry)) return (await settleOpen(context, entry)).entry;
  if (state !== 'paying' && state !== 'payment-unknown' && state !== 'not-paid') return entry;
  if (state === 'not-paid' && entry.payingMs === undefined) return entry;
  const outcome = await askMethod(context, entry);
  if (outcome.kind === 'not-paid') {
    if (state === 'not-paid') return entry;
    // The last words of a process that died may still be on their way to the node: "never heard of it" counts only
    // after a moment.
    if (now() < (entry.payingMs ?? entry.updatedMs) + dispatchGraceMs) throw inProgress(entry);
    // Where only a presentation moves the money, the word is final. A node may have been asked by somebody else.
    const final = entry.settlement !== undefined;
    return step(entry, () => journal.move(id, state, 'not-paid', notPaidChanges(outcome, final), now()));
  }
  return recordOutcome(context, entry, state, outcome);
}

/** Another process is at it: one that still runs, or one elsewhere that may run until its deadline. */
function isElsewhere(context: WalletContext, entry: JournalEntry): boolean {
  if (context.journal.ownerIsGone(entry)) return false;
  const nowMs = context.now();
  // Its owner is about to present it. Were it only signed for, it would even be given up here.
  const unpresented = entry.state === 'paid' && entry.request !== undefined;
  if (entry.state === 'planned' || entry.state === 'paying' || unpresented) {
    return !isOwn(context, entry) && nowMs < entry.payDeadlineMs + clockToleranceMs;
  }
  if (entry.state === 'presented') {
    return !isOwn(context, entry) && nowMs < entry.updatedMs + context.timeouts.paidAnswerMs;
  }
  return false;
}

/** This very process wrote it, and is not working on it any more: a wallet of ours that was dropped. */
function isOwn(context: WalletContext, entry: JournalEntry): boolean {
  return context.journal.isOwn(entry) && !context.active.has(entry.id);
}

function inProgress(entry: JournalEntry): WalletError {
  const message = `Payment ${entry.id} is being worked on (${entry.state}); wait a moment, then: farebox pay resume ${entry.id}`;
  return new WalletError('in_progress', message, { paymentId: entry.id });
}

/** The stored headers and those given again that were withheld: whatever else is given was not for this request. */
function completeHeaders(
  entry: JournalEntry,
  stored: StoredRequest,
  given: readonly Header[],
): readonly Header[] {
  const secret = given.filter(([name]) => stored.withheld.includes(name.toLowerCase()));
  const names = new Set(secret.map(([name]) => name.toLowerCase()));
  const missing = stored.withheld.filter((name) => !names.has(name));
  if (missing.length > 0) {
    const message = `The journal does not keep secret headers; give ${missing.join(', ')} again with -H, then resume ${entry.id}.`;
    throw new WalletError('headers_needed', message, { paymentId: entry.id });
  }
  return [...stored.headers, ...secret];
}
