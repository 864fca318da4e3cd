import { serializeCredential } from '@farebox/protocol';
import { type Answer, answerHeader, type BodyEnd, readRefusal } from './answer.js';
import type { WalletContext } from './context.js';
import { WalletError } from './errors.js';
import type { EntryChanges, Journal, JournalEntry, StoredRequest } from './journal.js';
import { isStateChanged, step } from './journal-step.js';
import { clockToleranceMs } from './limits.js';
import { checkReceipt, type ReceiptCheck } from './receipt-check.js';
import type { Header, ReplayableRequest } from './request.js';
import { plainText, readProblem } from './seller-problem.js';
import type { PaidEntry } from './settle.js';
import { feeLost, settlementUnknown, settleOpen } from './settlement.js';
import { isOpen, type JournalState } from './states.js';
import { exchange, type TransportInit } from './transport.js';

/** A paid answer. It is written down as delivered when its body has been read to the end. */
export interface Delivered {
  readonly kind: 'delivered';
  readonly entry: JournalEntry;
  readonly answer: Answer;
  readonly receipt: ReceiptCheck;
  /** Why this method was chosen, where the seller left a choice. */
  readonly choice?: string;
}

/** How a credential is presented. */
export interface PresentOptions {
  /** Every header of the request, secret ones too. */
  readonly headers: readonly Header[];
  readonly signal?: AbortSignal | undefined;
  readonly transport?: TransportInit | undefined;
  /** Present it although the challenge has expired: the seller may honour it, but need not. */
  readonly evenExpired?: boolean | undefined;
}

/**
 * Presents the proof of a payment: the same method, URL, headers and body, with the credential added. Never pays,
 * whatever the answer is; a second 402 is a refusal. Throws {@link WalletError} `seller_refused`, `seller_failed`,
 * `answer_unknown`, `in_progress`, `expired_unpresented` or `unpresented`; of a payment whose settlement is open also
 * `settlement_unknown`, what says that nothing was spent (`payment_failed`, `aborted`, `challenge_expired`), or that only
 * a fee was: `fee_lost`.
 */
export async function present(
  context: WalletContext,
  entry: PaidEntry,
  stored: StoredRequest,
  options: PresentOptions,
): Promise<Delivered> {
  const { journal, now } = context;
  const { id } = entry;
  const leave = context.active.take(id);
  try {
    await refuseTooLate(context, entry, options);
    const request = paidRequest(entry, stored, options.headers);
    const presented = step(entry, () => journal.move(id, entry.state, 'presented', {}, now()));
    let receipt: ReceiptCheck | undefined;
    let status = 0;
    const onEnd = (end: BodyEnd) => {
      if (receipt === undefined) return;
      leave();
      // Only a whole answer is a delivery. Anything else stays redeemable with the same credential.
      const changes = { status, ...(receipt.status === 'valid' && { receipt: receipt.receipt }) };
      if (end === 'complete') writeDelivered(context, presented, { ...changes, detail: 'delivered' });
      else writeLost(context, presented, { status, detail: endOf[end] });
    };
    const renew = renewal(context, presented);
    const result = await exchange(context, request, request.headers, {
      answerTimeoutMs: context.timeouts.paidAnswerMs,
      unreadMs: context.timeouts.answerUnreadMs,
      signal: options.signal,
      transport: options.transport,
      onEnd,
      onChunk: () => receipt && renew(),
      onCut: (cause) => lost(presented, 'The paid answer broke off', cause),
    });
    if (!result.ok) {
      writeLost(context, presented, { detail: `no answer: ${result.kind}` });
      throw lost(presented, lossOf[result.kind], result.cause);
    }
    const { answer } = result;
    status = answer.status;
    if (status >= 200 && status <= 299) {
      const checked = checkReceipt(answerHeader(answer, 'payment-receipt'), entry);
      if (checked.status === 'missing' && isPageForData(request, answer))
        throw await refusal(context, presented, answer, result.abort, pageForData);
      receipt = checked;
      return { kind: 'delivered', entry: presented, answer, receipt };
    }
    throw await refusal(context, presented, answer, result.abort);
  } catch (error) {
    leave();
    throw error;
  }
}

const endOf = {
  cut: 'the answer broke off',
  stopped: 'the answer was not read to its end',
  unkept: 'the answer could not be kept',
} as const;

/** Part of the time after which others take a presented payment for abandoned: renewed so often, it never looks so. */
const renewalPart = 1 / 4;

/** While chunks arrive, others leave the payment alone; a reader who pauses for long is covered by {@link writeDelivered}. */
function renewal({ journal, now, timeouts }: WalletContext, { id, updatedMs }: JournalEntry): () => void {
  let renewedMs = updatedMs;
  return () => {
    const nowMs = now();
    if (nowMs < renewedMs + timeouts.paidAnswerMs * renewalPart) return;
    renewedMs = nowMs;
    try {
      journal.renew(id, nowMs);
    } catch (error) {
      // No reason to lose an answer that is arriving.
      if (!(error instanceof WalletError)) throw error;
    }
  };
}

/** Another process can come between so often; each time it has changed the row. */
const deliveryTriesMax = 5;
/** What another process makes of the payment that got no answer while ours was coming. */
const lostStates: readonly JournalState[] = ['refused', 'failed', 'answer-unknown'];

function writeDelivered(
  { journal, now }: WalletContext,
  presented: JournalEntry,
  changes: EntryChanges,
): void {
  const { id } = presented;
  step(presented, () => {
    for (let tries = 1; ; tries += 1) {
      try {
        journal.move(id, 'presented', 'delivered', changes, now());
        return;
      } catch (error) {
        if (!isStateChanged(error)) throw error;
        const state = journal.find(id)?.state;
        // Another process has got the same answer meanwhile; ours is as whole.
        if (state === 'delivered') return;
        if (state === undefined || !lostStates.includes(state) || tries === deliveryTriesMax) throw error;
        takeBack(journal, id, state, now());
      }
    }
  });
}

/** What another process did not get is here all the same, and what is here has been delivered. */
function takeBack(journal: Journal, id: string, state: JournalState, nowMs: number): void {
  try {
    journal.move(id, state, 'presented', {}, nowMs);
  } catch (error) {
    // Changed once more: the next try sees to what.
    if (!isStateChanged(error)) throw error;
  }
}

/**
 * Writes that the answer did not arrive. Where that cannot be written, the row stays `presented`, which says the same and is
 * resumed in the same way: the caller hears why there is no answer, not that the journal failed as well.
 */
function writeLost({ journal, now }: WalletContext, { id }: JournalEntry, changes: EntryChanges): void {
  try {
    journal.move(id, 'presented', 'answer-unknown', changes, now());
  } catch (error) {
    if (!(error instanceof WalletError)) throw error;
  }
}

const pageForData =
  'a web page without a receipt, where data was asked for with JSON: the request was misread';

/** A seller that loses the JSON of a replay answers its form's page, as if that were a success (R20, R21). */
function isPageForData({ headers }: ReplayableRequest, answer: Answer): boolean {
  const sent = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  return /\bjson\b/i.test(sent) && /^text\/html\b/i.test(answerHeader(answer, 'content-type') ?? '');
}

const lossOf = {
  'timed-out': 'The seller did not answer in time',
  aborted: 'Given up',
  unreachable: 'The connection was lost',
} as const;

async function refuseTooLate(
  context: WalletContext,
  entry: PaidEntry,
  options: PresentOptions,
): Promise<void> {
  const aborted = options.signal?.aborted === true;
  const cause: unknown = aborted ? options.signal?.reason : undefined;
  // Core: credentials of expired challenges are not submitted. The caller may still try, knowingly.
  const expired = !options.evenExpired && context.now() > entry.expiresMs + clockToleranceMs;
  if (!aborted && !expired) return;
  const paymentId = entry.id;
  const what = aborted ? 'Given up before it was presented' : 'The challenge has expired';
  const { entry: settled, doubt } = await settleOpen(context, entry);
  if (doubt !== undefined) throw settlementUnknown(what, doubt, { paymentId });
  if (settled.state === 'not-paid') {
    const lost = feeLost(context, what, settled, { cause });
    if (lost) throw lost;
    const message = `${what}; what was signed is of no use any more and nothing was paid.`;
    throw new WalletError(aborted ? 'aborted' : 'challenge_expired', message, { paymentId, cause });
  }
  if (aborted) {
    const message = `Paid, and then given up before it was presented. Present it with: farebox pay resume ${paymentId}`;
    throw new WalletError('unpresented', message, { paymentId, cause });
  }
  const message = `Paid, but the challenge has expired, so the seller need not honour it. Try all the same with: farebox pay resume ${paymentId} --even-expired`;
  throw new WalletError('expired_unpresented', message, { paymentId });
}

function paidRequest(entry: PaidEntry, stored: StoredRequest, given: readonly Header[]): ReplayableRequest {
  const { url, method, body } = stored;
  return { url, method, headers: paidHeaders(entry, stored, given), ...(body && { body }) };
}

/** The caller's headers, the credential in place of an older one, and a key by which the seller knows a repetition. */
function paidHeaders(entry: PaidEntry, stored: StoredRequest, headers: readonly Header[]): readonly Header[] {
  const { challenge, payload, source } = entry;
  const credential = serializeCredential({ challenge, payload, ...(source !== undefined && { source }) });
  const name = stored.credentialHeader === 'authorization' ? 'Authorization' : 'Payment-Authorization';
  const kept = headers.filter(([candidate]) => candidate.toLowerCase() !== stored.credentialHeader);
  const hasKey = kept.some(([candidate]) => candidate.toLowerCase() === 'idempotency-key');
  return [...kept, [name, credential], ...(hasKey ? [] : [['Idempotency-Key', entry.id] as const])];
}

function lost(entry: JournalEntry, what: string, cause: unknown): WalletError {
  const { id: paymentId } = entry;
  const message = `${what} after the payment was presented; the outcome is not known. Ask again, without paying, with: farebox pay resume ${paymentId}`;
  return new WalletError('answer_unknown', message, {
    paymentId,
    cause,
    ...(isOpen(entry) && { spent: 'maybe' }),
  });
}

function describeRedirect(status: number, location: string | undefined): string | undefined {
  // Browsers hide where a redirect points, and even its status.
  if (status === 0) return 'a redirect, not followed';
  if (status < 300 || status > 399 || location === undefined) return undefined;
  return `a redirect to ${plainText(location)}, not followed`;
}

async function refusal(
  context: WalletContext,
  presented: JournalEntry,
  answer: Answer,
  abort: (reason: Error) => void,
  instead?: string,
): Promise<WalletError> {
  const { id: paymentId } = presented;
  const { journal, now } = context;
  const { status } = answer;
  const location = answerHeader(answer, 'location');
  const problem = readProblem(await readRefusal(answer, abort), status);
  const broke = status >= 500;
  const said = problem?.detail ?? problem?.title ?? '';
  const where = instead ?? describeRedirect(status, location) ?? said;
  const detail = `${status}${where === '' ? '' : `: ${where}`}`;
  const state = broke ? 'failed' : 'refused';
  const write = () => journal.move(paymentId, 'presented', state, { status, detail }, now());
  const refused = step(presented, write);
  const options = { paymentId, status, ...(problem && { problem }) };
  const did = `the seller ${broke ? 'failed' : 'refused'} (${detail})`;
  // A refusal says nothing of the money: whoever was shown a signed payment can carry it out while it is valid.
  const { entry, doubt } = await settleOpen(context, refused);
  if (doubt !== undefined) return settlementUnknown(`Presented, but ${did}`, doubt, options);
  if (entry.state === 'not-paid') {
    const lost = feeLost(context, `Presented, but ${did}`, entry, options);
    if (lost) return lost;
    const message = `Presented, but ${did}, and nothing was paid: ${entry.detail ?? 'it never will be'}.`;
    return new WalletError('payment_failed', message, options);
  }
  const message = `Paid, but ${did}. The payment is a credit; try again, without paying, with: farebox pay resume ${paymentId}`;
  return new WalletError(broke ? 'seller_failed' : 'seller_refused', message, options);
}
