import { serializeCredential } from '@farebox/protocol';
import { type Answer, answerHeader, type BodyEnd, readRefusal } from './answer.js';
import type { WalletContext } from './context.js';
import { WalletError } from './errors.js';
import type { JournalEntry, StoredRequest } from './journal.js';
import { clockToleranceMs } from './limits.js';
import { checkReceipt, type ReceiptCheck } from './receipt-check.js';
import type { Header, ReplayableRequest } from './request.js';
import { plainText, readProblem } from './seller-problem.js';
import type { PaidEntry } from './settle.js';
import { exchange } from './transport.js';

/** A paid answer. It is written down as delivered when its body has been read to the end. */
export interface Delivered {
  readonly kind: 'delivered';
  readonly entry: JournalEntry;
  readonly answer: Answer;
  readonly receipt: ReceiptCheck;
}

/** How a credential is presented. */
export interface PresentOptions {
  /** Every header of the request, secret ones too. */
  readonly headers: readonly Header[];
  readonly signal?: AbortSignal | undefined;
  /** Present it although the challenge has expired: the seller may honour it, but need not. */
  readonly evenExpired?: boolean | undefined;
}

/**
 * Presents the proof of a payment: the same method, URL, headers and body, with the credential added. Never pays,
 * whatever the answer is; a second 402 is a refusal. Throws {@link WalletError} `seller_refused`, `seller_failed`,
 * `answer_unknown`, `expired_unpresented` or `unpresented`.
 */
export async function present(
  context: WalletContext,
  entry: PaidEntry,
  stored: StoredRequest,
  options: PresentOptions,
): Promise<Delivered> {
  const { journal, now } = context;
  const { id } = entry;
  refuseTooLate(context, entry, options);
  const headers = paidHeaders(entry, stored, options.headers);
  const request: ReplayableRequest = {
    url: stored.url,
    method: stored.method,
    headers,
    ...(stored.body && { body: stored.body }),
  };
  context.active.add(id);
  let left = false;
  const leave = () => {
    left = true;
    context.active.delete(id);
  };
  try {
    const presented = journal.move(id, entry.state, 'presented', {}, now());
    let receipt: ReceiptCheck | undefined;
    let status = 0;
    const onEnd = (end: BodyEnd) => {
      if (receipt === undefined) return;
      leave();
      // Only a whole answer is a delivery. Anything else stays redeemable with the same credential.
      const changes = { status, ...(receipt.status === 'valid' && { receipt: receipt.receipt }) };
      const detail = end === 'cut' ? 'the answer broke off' : 'the answer was not read to its end';
      if (end === 'complete')
        journal.move(id, 'presented', 'delivered', { ...changes, detail: 'delivered' }, now());
      else journal.move(id, 'presented', 'answer-unknown', { status, detail }, now());
    };
    const result = await exchange(context, request, headers, {
      answerTimeoutMs: context.timeouts.paidAnswerMs,
      signal: options.signal,
      onEnd,
      onCut: (cause) => lost(id, 'The paid answer broke off', cause),
    });
    if (!result.ok) {
      journal.move(id, 'presented', 'answer-unknown', { detail: `no answer: ${result.kind}` }, now());
      throw lost(
        id,
        result.kind === 'timed-out' ? 'The seller did not answer in time' : 'The connection was lost',
        result.cause,
      );
    }
    const { answer } = result;
    status = answer.status;
    if (status >= 200 && status <= 299) {
      receipt = checkReceipt(answerHeader(answer, 'payment-receipt'), entry);
      return { kind: 'delivered', entry: presented, answer, receipt };
    }
    throw await refusal(context, id, answer, result.abort);
  } catch (error) {
    if (!left) leave();
    throw error;
  }
}

function refuseTooLate(context: WalletContext, entry: PaidEntry, options: PresentOptions): void {
  const paymentId = entry.id;
  if (options.signal?.aborted) {
    const message = `Paid, and then given up before it was presented. Present it with: farebox pay resume ${paymentId}`;
    throw new WalletError('unpresented', message, { paymentId });
  }
  // Core: credentials of expired challenges are not submitted. The caller may still try, knowingly.
  if (!options.evenExpired && context.now() > entry.expiresMs + clockToleranceMs) {
    const message = `Paid, but the challenge has expired, so the seller need not honour it. Try all the same with: farebox pay resume ${paymentId} --even-expired`;
    throw new WalletError('expired_unpresented', message, { paymentId });
  }
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

function lost(paymentId: string, what: string, cause: unknown): WalletError {
  const message = `${what} after the payment was presented; the outcome is not known. Ask again, without paying, with: farebox pay resume ${paymentId}`;
  return new WalletError('answer_unknown', message, { paymentId, cause });
}

async function refusal(
  context: WalletContext,
  paymentId: string,
  answer: Answer,
  abort: (reason: Error) => void,
): Promise<WalletError> {
  const { status } = answer;
  const location = answerHeader(answer, 'location');
  const problem = readProblem(await readRefusal(answer, abort), status);
  const broke = status >= 500;
  const said = problem?.detail ?? problem?.title ?? '';
  const where =
    status >= 300 && status <= 399 && location !== undefined
      ? `a redirect to ${plainText(location)}, not followed`
      : said;
  const detail = `${status}${where === '' ? '' : `: ${where}`}`;
  context.journal.move(
    paymentId,
    'presented',
    broke ? 'failed' : 'refused',
    { status, detail },
    context.now(),
  );
  const message = `Paid, but the seller ${broke ? 'failed' : 'refused'} (${detail}). The payment is a credit; try again, without paying, with: farebox pay resume ${paymentId}`;
  return new WalletError(broke ? 'seller_failed' : 'seller_refused', message, {
    paymentId,
    status,
    ...(problem && { problem }),
  });
}
